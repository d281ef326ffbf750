/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values, from text; a test that writes nonsense fails. */
#ifndef SUPPORT_TEXT_H
#define SUPPORT_TEXT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <hycan/values.h>

static inline struct hycan_address address_of(const char *text)
{
	struct hycan_address address;

	assert_int_equal(hycan_address_parse(text, &address), 0);
	return address;
}

static inline struct hycan_prefix prefix_of(const char *text)
{
	struct hycan_prefix prefix;

	assert_int_equal(hycan_prefix_parse(text, &prefix), 0);
	return prefix;
}

static inline struct hycan_endpoint endpoint_of(const char *text)
{
	struct hycan_endpoint endpoint;

	assert_int_equal(hycan_endpoint_parse(text, &endpoint), 0);
	return endpoint;
}

#endif
