/* A sealed code opens for its own value, fingerprint and key only. */
#include "shared/domain/code.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { VALUE = 5 };

static struct arena arena;

static int teardown(void **state)
{
	UNUSED(state);
	arena_reset(&arena);
	return 0;
}

static struct code_vault vault_of(int64_t first, int64_t second)
{
	struct code_vault vault = { .fingerprint_key = { 3 } };

	for (size_t i = 0; i < (second ? 2 : 1); i++) {
		vault.keys[i].id = i ? second : first;
		memset(vault.keys[i].key, (int)vault.keys[i].id, CRYPTO_KEY);
		vault.count++;
	}
	return vault;
}

static void expect_opened(const struct code_vault *vault, const struct code_sealed *sealed,
			  const char *code)
{
	const char *plain;

	assert_int_equal(code_open(&arena, vault, VALUE, sealed, &plain), OK);
	assert_string_equal(plain, code);
}

static void test_sealed(void **state)
{
	struct code_vault const vault = vault_of(1, 0);
	struct code_sealed one;
	struct code_sealed again;

	UNUSED(state);
	code_seal(&arena, &vault, VALUE, "ABCD-1234 Ї", &one);
	code_seal(&arena, &vault, VALUE, "ABCD-1234 Ї", &again);
	expect_opened(&vault, &one, "ABCD-1234 Ї");
	assert_int_equal(one.key_id, 1);
	assert_null(memmem(one.ciphertext.data, one.ciphertext.len, "1234", 4));
	/* The same code is never the same bytes, but has the same fingerprint. */
	assert_int_equal(one.ciphertext.len, again.ciphertext.len);
	assert_memory_not_equal(one.ciphertext.data, again.ciphertext.data, one.ciphertext.len);
	assert_memory_equal(one.fingerprint, again.fingerprint, CRYPTO_SHA256);
}

/* Rows can't be exchanged in the database: not the value, not the code, not the key. */
static void test_tied(void **state)
{
	struct code_vault const vault = vault_of(1, 2);
	struct code_sealed sealed;
	struct code_sealed other;
	const char *plain;

	UNUSED(state);
	code_seal(&arena, &vault, VALUE, "cheap", &sealed);
	code_seal(&arena, &vault, VALUE, "dear", &other);
	assert_int_equal(code_open(&arena, &vault, VALUE + 1, &sealed, &plain), ERR_DENIED);
	other.ciphertext = sealed.ciphertext;
	assert_int_equal(code_open(&arena, &vault, VALUE, &other, &plain), ERR_DENIED);
	other = sealed;
	other.key_id = 1;
	assert_int_equal(code_open(&arena, &vault, VALUE, &other, &plain), ERR_DENIED);
	other.key_id = 9;
	assert_int_equal(code_open(&arena, &vault, VALUE, &other, &plain), ERR_DENIED);
	expect_opened(&vault, &sealed, "cheap");
}

/* The last key encrypts, all decrypt. */
static void test_keys_rotate(void **state)
{
	struct code_vault const before = vault_of(1, 0);
	struct code_vault const after = vault_of(1, 2);
	struct code_sealed old;
	struct code_sealed new;

	UNUSED(state);
	code_seal(&arena, &before, VALUE, "old", &old);
	code_seal(&arena, &after, VALUE, "new", &new);
	assert_int_equal(new.key_id, 2);
	expect_opened(&after, &old, "old");
	expect_opened(&after, &new, "new");
}

static void test_fingerprint(void **state)
{
	static const char *const same[] = { "ABCD1234", "ABCD-1234", "AB CD 12-34",
					    "-ABCD1234 " };
	static const char *const others[] = { "ABCD1235", "abcd1234", "ABCD123", "" };
	struct code_vault const vault = vault_of(1, 2);
	struct code_vault keyed = vault;
	unsigned char want[CRYPTO_SHA256];
	unsigned char have[CRYPTO_SHA256];

	UNUSED(state);
	code_fingerprint(&vault, same[0], want);
	for (size_t i = 1; i < COUNT(same); i++) {
		code_fingerprint(&vault, same[i], have);
		assert_memory_equal(have, want, CRYPTO_SHA256);
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		code_fingerprint(&vault, others[i], have);
		assert_memory_not_equal(have, want, CRYPTO_SHA256);
	}
	/* Without the key nobody tries codes until one fits. */
	keyed.fingerprint_key[0]++;
	code_fingerprint(&keyed, same[0], have);
	assert_memory_not_equal(have, want, CRYPTO_SHA256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_sealed, teardown),
		cmocka_unit_test_teardown(test_tied, teardown),
		cmocka_unit_test_teardown(test_keys_rotate, teardown),
		cmocka_unit_test_teardown(test_fingerprint, teardown),
	};
	int const failed = cmocka_run_group_tests(tests, NULL, NULL);

	arena_release(&arena);
	return failed;
}
