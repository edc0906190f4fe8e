//! The form of the answer that the client takes (`Accept`), and what the form means for the status.
//! Never: a form that the client has ruled out.

use axum::http::{HeaderMap, StatusCode, header};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status tells whether the request was executed.
    GraphqlResponse,
    /// `application/json`, for older clients: a well-formed request is 200, errors or not.
    Json,
}

impl Media {
    /// `None` where the client takes neither.
    pub(super) fn wanted(headers: &HeaderMap) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        let mut asked = false;
        for value in headers.get_all(header::ACCEPT) {
            asked = true;
            for range in value.to_str().unwrap_or("").split(',') {
                let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
                let media = match name.trim().to_ascii_lowercase().as_str() {
                    "application/graphql-response+json" => Self::GraphqlResponse,
                    "application/json" | "application/*" | "*/*" => Self::Json,
                    _ => continue,
                };
                let quality = quality(parameters);
                if quality > best.map_or(0.0, |(best, _)| best) {
                    best = Some((quality, media));
                }
            }
        }
        if asked { best.map(|(_, media)| media) } else { Some(Self::Json) }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// The status of a well-formed request that was not executed: it did not parse, or does not fit the schema.
    pub(super) fn status_not_executed(self) -> StatusCode {
        match self {
            Self::GraphqlResponse => StatusCode::BAD_REQUEST,
            Self::Json => StatusCode::OK,
        }
    }
}

/// Whether the client takes `text/event-stream`. It must say so: a wildcard means an answer.
pub(super) fn takes_events(headers: &HeaderMap) -> bool {
    let ranges = headers.get_all(header::ACCEPT).iter().flat_map(|value| value.to_str().unwrap_or("").split(','));
    ranges
        .map(|range| range.split_once(';').unwrap_or((range, "")))
        .any(|(name, parameters)| name.trim().eq_ignore_ascii_case("text/event-stream") && quality(parameters) > 0.0)
}

fn quality(parameters: &str) -> f32 {
    let mut parameters = parameters.split(';').filter_map(|parameter| parameter.trim().split_once('='));
    parameters.find(|(name, _)| name.eq_ignore_ascii_case("q")).map_or(1.0, |(_, value)| value.parse().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn wanted(accept: &'static str) -> Option<Media> {
        let headers = [(header::ACCEPT, HeaderValue::from_static(accept))];
        Media::wanted(&headers.into_iter().collect())
    }

    #[test]
    fn events_are_taken_by_who_names_them() {
        let takes = |accept| takes_events(&[(header::ACCEPT, HeaderValue::from_static(accept))].into_iter().collect());
        assert!(takes("text/event-stream") && takes("application/json, Text/Event-Stream;q=0.5"));
        assert!(!takes("*/*") && !takes("text/*") && !takes("text/event-stream;q=0") && !takes("application/json"));
    }

    #[test]
    fn the_form_the_client_likes_best_wins() {
        assert_eq!(Media::wanted(&HeaderMap::new()), Some(Media::Json));
        for (accept, media) in [
            ("*/*", Some(Media::Json)),
            ("application/json", Some(Media::Json)),
            ("application/graphql-response+json", Some(Media::GraphqlResponse)),
            ("application/graphql-response+json; charset=utf-8, application/json", Some(Media::GraphqlResponse)),
            ("application/json;q=0.9, application/graphql-response+json", Some(Media::GraphqlResponse)),
            ("Application/JSON, application/graphql-response+json;q=0.5", Some(Media::Json)),
            ("text/html, */*;q=0.1", Some(Media::Json)),
            ("text/html", None),
            ("application/json;q=0", None),
            ("", None),
        ] {
            assert_eq!(wanted(accept), media, "{accept}");
        }
    }
}
