#include "config/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <wordexp.h>

char **command_free(char **words)
{
	char **word;

	for (word = words; word && *word; word++)
		free(*word);
	free(words);
	return NULL;
}

char **command_copy(char *const *words)
{
	autofree(command) char **copy = NULL;
	size_t n = 0, i;

	while (words[n])
		n++;
	copy = calloc(n + 1, sizeof(*copy));
	for (i = 0; copy && i < n; i++) {
		copy[i] = strdup(words[i]);
		if (!copy[i])
			return NULL;
	}
	return take(copy);
}

int command_split(const char *text, char ***ret)
{
	autofree(command) char **words = NULL;
	wordexp_t found;
	size_t i;
	int r;

	r = wordexp(text, &found, WRDE_NOCMD);
	if (r != 0)
		return r == WRDE_NOSPACE ? -ENOMEM : -EINVAL;
	words = calloc(found.we_wordc + 1, sizeof(*words));
	r = !words ? -ENOMEM : found.we_wordc == 0 ? -EINVAL : 0;
	for (i = 0; r == 0 && i < found.we_wordc; i++) {
		words[i] = strdup(found.we_wordv[i]);
		if (!words[i])
			r = -ENOMEM;
	}
	wordfree(&found);
	if (r == 0)
		*ret = take(words);
	return r;
}

int command_unpack(const char *bytes, size_t n_bytes, char ***ret)
{
	autofree(command) char **words = NULL;
	size_t n = 0, at = 0;

	/* A program that has written over its arguments needn't end with a NUL: what is cut is no command. */
	if (n_bytes == 0 || bytes[n_bytes - 1] != '\0' || bytes[0] == '\0')
		return -EINVAL;
	words = calloc(n_bytes + 1, sizeof(*words));
	if (!words)
		return -ENOMEM;
	for (; at < n_bytes; at += strlen(bytes + at) + 1) {
		words[n] = strdup(bytes + at);
		if (!words[n++])
			return -ENOMEM;
	}
	*ret = take(words);
	return 0;
}

static void write_quoted(FILE *out, const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
				    "_@%+=:,./-";

	if (word[0] && word[strspn(word, plain)] == '\0') {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++) {
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	}
	fputc('\'', out);
}

char *command_join(char *const *words)
{
	char *text = NULL;
	size_t size = 0, i;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (i = 0; words[i]; i++) {
		if (i > 0)
			fputc(' ', out);
		write_quoted(out, words[i]);
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

const char *command_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}
