/* crypto.h's promises: published vectors, and what must be refused. */
#include "shared/platform/crypto.h"
#include "shared/base/parse.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;

static int setup(void **state)
{
	UNUSED(state);
	arena_init(&arena);
	return 0;
}

static int teardown(void **state)
{
	UNUSED(state);
	arena_release(&arena);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

static struct bytes text(const char *s)
{
	return (struct bytes){ s, strlen(s) };
}

static struct bytes from_hex(const char *hex)
{
	size_t const len = strlen(hex) / 2;
	unsigned char *raw = arena_alloc(&arena, len);

	if (len)
		assert_int_equal(parse_hex(hex, raw, len), OK);
	return (struct bytes){ raw, len };
}

static void assert_bytes(struct bytes got, const char *hex)
{
	assert_string_equal(crypto_hex(&arena, got), hex);
}

/* ---- digests ---- */

static void test_sha256(void **state)
{
	static const struct {
		const char *text;
		const char *hex;
	} list[] = {
		/* FIPS 180-2, appendix B */
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	unsigned char sum[CRYPTO_SHA256];

	UNUSED(state);
	for (size_t i = 0; i < COUNT(list); i++) {
		crypto_sha256(text(list[i].text), sum);
		assert_bytes((struct bytes){ sum, sizeof(sum) }, list[i].hex);
	}
	crypto_sha256((struct bytes){ NULL, 0 }, sum);
	assert_bytes((struct bytes){ sum, sizeof(sum) }, list[0].hex);
}

/* RFC 4231, test cases 1 to 3, 6, 7. */
static void test_hmac(void **state)
{
	static const struct {
		const char *key;
		const char *text;
		const char *hex;
	} list[] = {
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		  "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
		  "dddddddddddddddddddddddddddddddddddd",
		  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
	};
	unsigned char sum[CRYPTO_SHA256];
	unsigned char long_key[131];

	UNUSED(state);
	for (size_t i = 0; i < COUNT(list); i++) {
		struct bytes const key = from_hex(list[i].key);

		crypto_hmac(key.data, key.len, from_hex(list[i].text), sum);
		assert_bytes((struct bytes){ sum, sizeof(sum) }, list[i].hex);
	}
	memset(long_key, 0xaa, sizeof(long_key));
	crypto_hmac(long_key, sizeof(long_key),
		    text("Test Using Larger Than Block-Size Key - Hash Key First"), sum);
	assert_bytes((struct bytes){ sum, sizeof(sum) },
		     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* ---- comparison ---- */

static void test_same(void **state)
{
	unsigned char a[64] = { 0 };
	unsigned char b[64] = { 0 };

	UNUSED(state);
	assert_true(crypto_same((struct bytes){ a, 64 }, (struct bytes){ b, 64 }));
	for (size_t i = 0; i < 64; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			b[i] = (unsigned char)(1U << bit);
			assert_false(
				crypto_same((struct bytes){ a, 64 }, (struct bytes){ b, 64 }));
			b[i] = 0;
		}
	assert_false(crypto_same((struct bytes){ a, 64 }, (struct bytes){ b, 63 }));
	assert_false(crypto_same((struct bytes){ a, 0 }, (struct bytes){ b, 1 }));
	assert_true(crypto_same((struct bytes){ NULL, 0 }, (struct bytes){ b, 0 }));
	/* A NUL does not end it. */
	assert_false(crypto_same((struct bytes){ "a\0b", 3 }, (struct bytes){ "a\0c", 3 }));
}

/* ---- AES-256-GCM ---- */

/* Known answers (the GCM specification's test cases 13 to 16), opened from nonce ‖ text ‖ tag.
 */
static void test_vectors(void **state)
{
	static const struct {
		const char *key;
		const char *nonce;
		const char *sealed;
		const char *tag;
		const char *associated;
		const char *text;
	} list[] = {
		{ "0000000000000000000000000000000000000000000000000000000000000000",
		  "000000000000000000000000", "", "530f8afbc74536b9a963b4f1c4cb738b", "", "" },
		{ "0000000000000000000000000000000000000000000000000000000000000000",
		  "000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18",
		  "d0d1c8a799996bf0265b98b5d48ab919", "", "00000000000000000000000000000000" },
		{ "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
		  "cafebabefacedbaddecaf888",
		  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		  "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
		  "76fc6ece0f4e1768cddf8853bb2d551b",
		  "feedfacedeadbeeffeedfacedeadbeefabaddad2",
		  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39" },
	};

	UNUSED(state);
	for (size_t i = 0; i < COUNT(list); i++) {
		struct bytes const sealed = from_hex(arena_printf(
			&arena, "%s%s%s", list[i].nonce, list[i].sealed, list[i].tag));
		struct bytes opened;

		assert_int_equal(crypto_open(&arena, from_hex(list[i].key).data, sealed,
					     from_hex(list[i].associated), &opened),
				 OK);
		assert_bytes(opened, list[i].text);
		assert_int_equal(((const char *)opened.data)[opened.len], 0);
	}
}

static void test_seal(void **state)
{
	size_t const sizes[] = { 0, 1, 15, 16, 17, 256, 100000 };
	unsigned char key[CRYPTO_KEY];
	unsigned char *plain = arena_alloc(&arena, 100000);

	UNUSED(state);
	crypto_random(key, sizeof(key));
	crypto_random(plain, 100000);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct bytes const in = { plain, sizes[i] };
		struct bytes const one = crypto_seal(&arena, key, in, text("row 1"));
		struct bytes const two = crypto_seal(&arena, key, in, text("row 1"));
		struct bytes out;

		assert_int_equal(one.len, CRYPTO_NONCE + sizes[i] + CRYPTO_TAG);
		/* The same text never looks the same. */
		assert_false(crypto_same(one, two));
		assert_int_equal(crypto_open(&arena, key, one, text("row 1"), &out), OK);
		assert_true(crypto_same(in, out));
	}
}

/* Every bit counts: nonce, text, tag, key and what it is tied to. */
static void test_tampering(void **state)
{
	unsigned char key[CRYPTO_KEY] = "0123456789abcdef0123456789abcde";
	struct bytes const sealed = crypto_seal(&arena, key, text("CODE-1234-5678"),
						text("value 7"));
	unsigned char *raw = arena_alloc(&arena, sealed.len);
	struct bytes const altered = { raw, sealed.len };
	struct bytes out = { "untouched", 9 };

	UNUSED(state);
	memcpy(raw, sealed.data, sealed.len);
	for (size_t i = 0; i < 8 * sealed.len; i++) {
		raw[i / 8] ^= (unsigned char)(1U << i % 8);
		assert_int_equal(crypto_open(&arena, key, altered, text("value 7"), &out),
				 ERR_DENIED);
		raw[i / 8] ^= (unsigned char)(1U << i % 8);
	}
	for (size_t len = 0; len < sealed.len; len++)
		assert_int_equal(crypto_open(&arena, key, (struct bytes){ raw, len },
					     text("value 7"), &out),
				 ERR_DENIED);
	assert_int_equal(crypto_open(&arena, key, altered, text("value 8"), &out), ERR_DENIED);
	assert_int_equal(crypto_open(&arena, key, altered, text(""), &out), ERR_DENIED);
	key[31] ^= 1;
	assert_int_equal(crypto_open(&arena, key, altered, text("value 7"), &out), ERR_DENIED);
	key[31] ^= 1;
	assert_string_equal(out.data, "untouched");
	assert_int_equal(crypto_open(&arena, key, altered, text("value 7"), &out), OK);
	assert_string_equal(out.data, "CODE-1234-5678");
}

/* ---- randomness, wiping ---- */

static void test_random(void **state)
{
	unsigned char seen[256] = { 0 };
	unsigned char raw[8192];
	size_t different = 0;

	UNUSED(state);
	crypto_random(raw, sizeof(raw));
	for (size_t i = 0; i < sizeof(raw); i++)
		different += !seen[raw[i]]++;
	assert_in_range(different, 250, 256);
	crypto_wipe(raw, sizeof(raw));
	for (size_t i = 0; i < sizeof(raw); i++)
		assert_int_equal(raw[i], 0);
	crypto_random(raw, 0);
}

/* ---- as text ---- */

static void test_hex(void **state)
{
	struct bytes const b = { "\x00\x9f\xf0\xff", 4 };

	UNUSED(state);
	assert_string_equal(crypto_hex(&arena, b), "009ff0ff");
	assert_string_equal(crypto_hex_upper(&arena, b), "009FF0FF");
	assert_string_equal(crypto_hex(&arena, (struct bytes){ NULL, 0 }), "");
}

static void test_base64url(void **state)
{
	static const struct {
		const char *text;
		const char *coded;
	} list[] = {
		/* RFC 4648, section 10, without padding */
		{ "", "" },
		{ "f", "Zg" },
		{ "fo", "Zm8" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg" },
		{ "fooba", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "-__-" },
	};
	struct bytes out;

	UNUSED(state);
	for (size_t i = 0; i < COUNT(list); i++) {
		assert_string_equal(crypto_base64url(&arena, text(list[i].text)),
				    list[i].coded);
		assert_int_equal(crypto_base64url_read(&arena, list[i].coded, &out), OK);
		assert_true(crypto_same(out, text(list[i].text)));
	}
	for (size_t len = 0; len < 200; len++) {
		unsigned char raw[200];

		crypto_random(raw, len);
		assert_int_equal(crypto_base64url_read(
					 &arena,
					 crypto_base64url(&arena, (struct bytes){ raw, len }),
					 &out),
				 OK);
		assert_true(crypto_same(out, (struct bytes){ raw, len }));
	}
}

/* One spelling for each text: a signed token has no second form. */
static void test_base64url_strict(void **state)
{
	static const char *const bad[] = {
		"A",	 "Zg==",     "Zg=",   "Zm9v=", "Zh",   "Zm9",
		"Zm8x9", "Zm9v ",    " Zm9v", "Zm+v",  "Zm/v", "Zm9v\n",
		"Zm.v",	 "Zm9v\xd0", "AAAAA", "AB",    "AAB",
	};
	struct bytes out = { NULL, 7 };

	UNUSED(state);
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(crypto_base64url_read(&arena, bad[i], &out), ERR_INVALID);
	assert_int_equal(out.len, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_sha256),		  T(test_hmac), T(test_same),
		T(test_vectors),	  T(test_seal), T(test_tampering),
		T(test_random),		  T(test_hex),	T(test_base64url),
		T(test_base64url_strict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
