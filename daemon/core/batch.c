#include "daemon/core/batch.h"

enum batch_form batch_form(int64_t n_items, int64_t digest_above)
{
	return n_items > digest_above ? BATCH_DIGEST : BATCH_EACH;
}

bool batch_may_show(int64_t n_open)
{
	return n_open < BATCH_OPEN_MAX;
}
