//! The served schema on top of services with a database of their own.
//! Never: HTTP; its tests are beside it.

mod setup;

use super::{
    directive, rules,
    schema::{Schema, schema, sdl},
};
use crate::{clock::Clock, config::Config, ids::Ids, permit::Viewer, service::Services, telemetry::Metrics};
use async_graphql::Request;
use serde_json::Value as Json;
use vizard_core::{
    access::Role,
    time::{Micros, SECOND},
};

const NOW: Micros = Micros(1_800_000_000 * SECOND);

/// An installation with nothing in it.
struct Installation {
    schema: Schema,
    /// Goes with the test.
    _dir: tempfile::TempDir,
}

impl Installation {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data").display().to_string();
        let config = Config::load(None, std::iter::empty(), [("data_dir", data)]).unwrap();
        let clock = Clock::fixed(NOW);
        let services = Services::open(&config, clock.clone(), Ids::seeded(1), Metrics::default()).await.unwrap();
        Self { schema: schema(services), _dir: dir }
    }

    /// The data of the answer to a viewer with that role, who may ask for all of it.
    async fn ask(&self, role: Role, query: &str) -> Json {
        let answer = self.answer(role, query).await;
        assert!(answer.get("errors").is_none(), "{answer:#}");
        answer["data"].clone()
    }

    async fn answer(&self, role: Role, query: &str) -> Json {
        let viewer = Viewer::new("dev:ada", "Ada", &[role]);
        serde_json::to_value(self.schema.execute(Request::new(query).data(viewer)).await).unwrap()
    }
}

#[test]
fn every_rule_guards_a_field_of_the_served_schema() {
    assert_eq!(directive::unprinted(&sdl(), rules::RULES), []);
}
