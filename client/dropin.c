#include "client/dropin.h"

#include <stdio.h>
#include <string.h>

/* What needs no quotes in a unit file. */
static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
			    "_@%+=:,./-$~";

/* systemd.syntax(7) "Quoting" and systemd.unit(5) "Specifiers"; what $ means is as it was. */
static void write_word(FILE *out, const char *word)
{
	const char *quote = word[0] && word[strspn(word, plain)] == '\0' ? "" : "\"";

	fputs(quote, out);
	for (; *word; word++) {
		unsigned char c = (unsigned char)*word;

		if (c < 0x20 || c == 0x7f)
			fprintf(out, "\\x%02x", c);
		else if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c == '%')
			fputs("%%", out);
		else
			fputc(c, out);
	}
	fputs(quote, out);
}

/*
 * A name on the bus that nobody has, for this unit alone. An empty BusName= would leave the old one (systemd 252),
 * and of two units with the same one systemd refuses either at each reload, also the one that runs.
 */
static void write_bus_name(FILE *out, const char *unit)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
	size_t n = MIN(strcspn(unit, "."), 200);

	fputs("BusName=org.lull.Behind._", out);
	for (size_t i = 0; i < n; i++)
		fputc(strchr(allowed, unit[i]) ? unit[i] : '_', out);
	fputc('\n', out);
}

char *dropin_text(const char *unit, const char *shim, const struct dropin_command *c)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs("# Written by 'lull enable', removed by 'lull disable'. The server stands in line behind lulld,\n"
	      "# which has the name on the bus that the server would otherwise have to get to be ready.\n"
	      "[Service]\n"
	      "Type=exec\n",
	      out);
	write_bus_name(out, unit);
	fputs("ExecStart=\n"
	      "ExecStart=",
	      out);
	fprintf(out, "%s%s", c->is_failure_ignored ? "-" : "", c->is_dollar_kept ? ":" : "");
	write_word(out, shim);
	fputc(' ', out);
	write_word(out, c->path);
	for (const char *const *arg = c->args; *arg; arg++) {
		fputc(' ', out);
		write_word(out, *arg);
	}
	fputc('\n', out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
