#include "rule/rule.h"

/* Made from seed.rules by the Makefile: one quoted line a line. */
const char hi_rules_seed[] =
#include "rule/seed.rules.inc"
	;
