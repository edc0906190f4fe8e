//! The doors, tried in process: a tiny schema, an intake that remembers, a fixed clock.
//! Never: a port, but for the one test of stopping.

mod exports;
mod graphql;
mod ingest;
mod operations;
mod page;

use super::*;
use crate::{
    auth::{AuthError, DEVELOPMENT_TOKEN_LIFE, DevSigner, Verifier},
    clock::Clock,
    config::Config,
    error::ServiceError,
    graphql::{
        directive,
        guard::{Guarded, guarded},
        spec::Spec,
    },
    permit::{Permit, Viewer},
    service::{
        exports::Package,
        ingest::{Delivery, Receipt},
        live::Feed,
        sign_in::SignInError,
    },
    telemetry::{self, capture::Lines},
};
use async_graphql::{Context, EmptySubscription, Object, Schema};
use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use serde_json::{Value as Json, json};
use std::{
    net::IpAddr,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tower::ServiceExt as _;
use vizard_core::{
    access::Role,
    ids::{ExportId, RunId},
    time::{Micros, SECOND},
};

const NOW: Micros = Micros(1_800_000_000 * SECOND);

#[allow(unreachable_pub, dead_code, reason = "a table of its own")]
mod rule {
    crate::rules! {
        QueryPolicies = "Query"."policies": Policies, Read;
    }
}

struct Query;

#[Object]
impl Query {
    async fn hello(&self, name: Option<String>) -> String {
        format!("hello {}", name.unwrap_or_default())
    }
    async fn policies(&self, ctx: &Context<'_>) -> Guarded<i32, rule::QueryPolicies> {
        guarded(ctx, async |_| Ok(3)).await
    }
    async fn me(&self, ctx: &Context<'_>) -> Option<String> {
        ctx.data_opt::<Viewer>().map(|viewer| viewer.id.clone())
    }
    async fn broken(&self) -> crate::graphql::guard::Answer<i32> {
        Err::<i32, _>(ServiceError::Internal(anyhow::anyhow!("the table is gone"))).into()
    }
    async fn slow(&self) -> i32 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        1
    }
    async fn bug(&self) -> i32 {
        assert!(std::hint::black_box(false), "a bug met Ada");
        1
    }
}

struct Mutation(Arc<AtomicUsize>);

#[Object]
impl Mutation {
    async fn touch(&self) -> bool {
        self.0.fetch_add(1, Ordering::SeqCst);
        true
    }
}

/// Answers from a list, or with a new run, and remembers what it took.
#[derive(Default)]
struct FakeIntake {
    answers: Mutex<Vec<Result<Receipt, ServiceError>>>,
    taken: Mutex<Vec<(String, Delivery)>>,
}

#[async_trait::async_trait]
impl Intake for FakeIntake {
    async fn accept(&self, permit: &Permit, connector: &str, delivery: Delivery) -> Result<Receipt, ServiceError> {
        permit.require(vizard_core::access::Resource::Deliveries, vizard_core::access::Action::Change)?;
        self.taken.lock().unwrap().push((connector.to_owned(), delivery));
        let run = RunId::new(uuid::Uuid::from_u128(7));
        self.answers.lock().unwrap().pop().unwrap_or(Ok(Receipt { run, repeated: false }))
    }
}

/// Signs in by the token alone, at `NOW`.
struct FakeDoor(Verifier);

#[async_trait::async_trait]
impl SignIn for FakeDoor {
    async fn sign_in(&self, bearer: &str, peer: Option<IpAddr>) -> Result<Viewer, SignInError> {
        match self.0.verify(bearer, NOW).await {
            Ok(claimed) => Ok(Viewer::new(claimed.id, claimed.name, &claimed.roles)),
            Err(refused) => Err(self.refuse(refused.why, peer).await),
        }
    }

    async fn again(&self, bearer: &str) -> Result<Viewer, SignInError> {
        self.sign_in(bearer, None).await
    }

    async fn refuse(&self, why: AuthError, _: Option<IpAddr>) -> SignInError {
        SignInError::Refused(why)
    }
}

fn config(mode: Mode) -> Config {
    let word = if mode == Mode::Production { "production" } else { "development" };
    Config::load(None, [("VIZARD_MODE".to_owned(), word.to_owned())].into_iter(), []).unwrap()
}

/// A log of two lines.
struct FakeExporter;

#[async_trait::async_trait]
impl Exporter for FakeExporter {
    async fn export(&self, permit: &Permit) -> Result<crate::service::audit::Lines, ServiceError> {
        permit.require(vizard_core::access::Resource::AuditLog, vizard_core::access::Action::Read)?;
        let lines = ["{\"size\":0}\n", "{\"checkpoint\":0}\n"].map(|line| Ok(line.as_bytes().to_vec()));
        Ok(Box::pin(futures_util::stream::iter(lines)))
    }
}

/// One package of ten bytes, `export_…7`, and what was read of it.
#[derive(Default)]
struct FakePackages(Mutex<Vec<std::ops::Range<u64>>>);

#[async_trait::async_trait]
impl Packages for FakePackages {
    async fn find(&self, permit: &Permit, id: &str) -> Result<Package, ServiceError> {
        permit.require(vizard_core::access::Resource::ExportPackages, vizard_core::access::Action::Read)?;
        let only = ExportId::new(uuid::Uuid::from_u128(7));
        let found = id.parse().is_ok_and(|id: ExportId| id == only);
        found.then(|| Package { id: only, bytes: 10, sha256: "abc".into() }).ok_or(ServiceError::NotFound)
    }

    async fn read(
        &self,
        _: &Permit,
        _: &Package,
        range: std::ops::Range<u64>,
    ) -> Result<crate::service::audit::Lines, ServiceError> {
        let bytes: Vec<_> = (range.start..range.end).map(|at| Ok(at.to_string().into_bytes())).collect();
        self.0.lock().unwrap().push(range);
        Ok(Box::pin(futures_util::stream::iter(bytes)))
    }
}

struct World {
    packages: Arc<FakePackages>,
    _folder: tempfile::TempDir,
    router: Router,
    signer: DevSigner,
    intake: Arc<FakeIntake>,
    touched: Arc<AtomicUsize>,
    ready: Arc<AtomicUsize>,
}

impl World {
    fn new() -> Self {
        Self::with(Mode::Development, limits::INGEST_BODIES)
    }

    fn with(mode: Mode, bodies: usize) -> Self {
        Self::made(mode, bodies, None)
    }

    /// One that runs only these documents.
    fn trusting(manifest: &[u8]) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), manifest).unwrap();
        Self::made(Mode::Development, limits::INGEST_BODIES, Some(Documents::read(file.path()).unwrap()))
    }

    fn made(mode: Mode, bodies: usize, documents: Option<Documents>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let signer = DevSigner::open_or_create(&folder.path().join("dev.key")).unwrap();
        let (intake, packages) = (Arc::new(FakeIntake::default()), Arc::new(FakePackages::default()));
        let (touched, ready) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let builder = Schema::build(Query, Mutation(Arc::clone(&touched)), EmptySubscription).extension(Spec);
        let asked = Arc::clone(&ready);
        let app = App {
            schema: directive::print_requires(builder).disable_suggestions().finish(),
            intake: Arc::clone(&intake) as Arc<dyn Intake>,
            exporter: Arc::new(FakeExporter),
            packages: Arc::clone(&packages) as Arc<dyn Packages>,
            ready: Box::new(move || {
                let calls = asked.fetch_add(1, Ordering::SeqCst);
                Box::pin(async move {
                    anyhow::ensure!(calls == 0, "the database at db.example is away");
                    Ok(())
                })
            }),
            sign_in: Arc::new(FakeDoor(Verifier::new(&config(mode), Some(&signer)).unwrap())),
            live: live::Live::new(Feed::default(), Clock::fixed(NOW), Metrics::default(), &[]),
            documents,
            web_origins: vec!["https://triage.example".to_owned()],
            sdl: "type Query".into(),
            ids: Ids::seeded(1),
            metrics: Metrics::default(),
            mode,
        };
        let router = router_with(app, bodies, Duration::from_millis(150));
        Self { packages, _folder: folder, router, signer, intake, touched, ready }
    }

    fn token(&self, roles: &[Role]) -> String {
        let token = self.signer.issue("Ada Example", roles, DEVELOPMENT_TOKEN_LIFE, NOW).unwrap();
        format!("Bearer {token}")
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Reply { status: parts.status, headers: parts.headers, text: String::from_utf8(body.to_vec()).unwrap() }
    }
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

/// Log lines of this thread until the guard is dropped.
fn listen() -> (Lines, tracing::subscriber::DefaultGuard) {
    let lines = Lines::default();
    let subscriber = telemetry::subscriber("trace", crate::config::LogFormat::Json, lines.clone()).unwrap();
    (lines, tracing::subscriber::set_default(subscriber))
}
