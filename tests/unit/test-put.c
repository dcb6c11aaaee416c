// SPDX-License-Identifier: GPL-2.0
/* Numbers as base/put.h writes them, against those of the C library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/put.h"

static void check_u64(__u64 value)
{
	char got[CDM_U64_MAX_OUT + 1], want[CDM_U64_MAX_OUT + 1];

	*cdm_put_u64(got, value) = '\0';
	snprintf(want, sizeof(want), "%llu", value);
	assert_string_equal(got, want);
}

static void test_u64(void **state)
{
	__u64 power = 1;

	for (int digits = 1; digits <= 20; digits++, power *= 10)
		for (int i = -11; i <= 11; i++) {
			check_u64(power + i);
			check_u64(power * 9 + i);
		}
	for (__u32 i = 0; i < 100000; i++)
		check_u64(i);
	/* Of every length. */
	for (int i = 0; i < 1000000; i++)
		check_u64(((__u64)mrand48() << 32 ^ (__u32)mrand48()) >> i % 64);
	check_u64(UINT64_MAX);
}

static void test_others(void **state)
{
	static const __s64 numbers[] = { 0, 1, -1, 42, -42, INT64_MIN, INT64_MAX };
	char got[64], want[64];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		*cdm_put_s64(got, numbers[i]) = '\0';
		snprintf(want, sizeof(want), "%lld", numbers[i]);
		assert_string_equal(got, want);
		*cdm_put_hex(got, numbers[i]) = '\0';
		snprintf(want, sizeof(want), "0x%llx", numbers[i]);
		assert_string_equal(got, want);
	}
	*cdm_put_padded(got, 7, 9) = '\0';
	assert_string_equal(got, "000000007");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64), cmocka_unit_test(test_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
