//! The page for who holds a share: plain files, compiled in, the same for everybody. What they show comes from `/graphql`.
//! Never: a token, which stays behind the `#` of the address and in the page's memory; anything from another site; a script or
//! style that is not one of these files.

use axum::{
    Router,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
    routing::get,
};

/// A file of the page.
struct File {
    path: &'static str,
    media: &'static str,
    text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! file {
    ($path:literal, $media:ident, $name:literal) => {
        File { path: $path, media: $media, text: include_str!(concat!("../../pages/share/", $name)) }
    };
}

const FILES: &[File] = &[
    file!("/share", HTML, "index.html"),
    file!("/share/share.css", CSS, "share.css"),
    file!("/share/icon.svg", SVG, "icon.svg"),
    file!("/share/api.js", JS, "api.js"),
    file!("/share/chart.js", JS, "chart.js"),
    file!("/share/dom.js", JS, "dom.js"),
    file!("/share/evidence.js", JS, "evidence.js"),
    file!("/share/main.js", JS, "main.js"),
    file!("/share/question.js", JS, "question.js"),
    file!("/share/sections.js", JS, "sections.js"),
    file!("/share/words.js", JS, "words.js"),
];

/// `trusted-types 'none'`: the page makes elements and text alone, so no string can become markup or a script, whatever is in it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    // A new version of the server is a new page at once, and no cache of a shared machine tells who had a share.
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// A route for every file.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.iter().fold(Router::new(), |router, file| router.route(file.path, get(|| async { answer(file) })))
}

fn answer(file: &File) -> Response {
    ([(header::CONTENT_TYPE, file.media)], HEADERS, file.text.to_owned()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_of_the_folder_is_served_and_no_file_is_missing_there() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/pages/share");
        let there: BTreeSet<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        let served: BTreeSet<String> =
            FILES.iter().map(|file| file.path.strip_prefix("/share/").unwrap_or("index.html").to_owned()).collect();
        assert_eq!(served, there);
    }

    #[test]
    fn no_file_names_another_site_or_needs_more_than_the_policy_allows() {
        for file in FILES {
            // The one address in them is the name of SVG.
            let text = file.text.replace("http://www.w3.org/2000/svg", "");
            for bad in
                ["http://", "https://", "innerHTML", "style=", "onclick", "eval(", "localStorage", "sessionStorage"]
            {
                assert!(!text.contains(bad), "{}: {bad}", file.path);
            }
        }
    }
}
