//! The first schema: plugins to cases. Instants are microseconds since 1970 (UTC), days are days since 1970-01-01.
//! Never: edited after a release.

crate::migration!();

pub(crate) const UP: &str = "
CREATE TABLE meta (
    name {TEXT} PRIMARY KEY,
    value {TEXT} NOT NULL
);
CREATE TABLE plugins (
    id {UUID} PRIMARY KEY,
    name {TEXT} NOT NULL,
    version {TEXT} NOT NULL,
    digest {TEXT} NOT NULL UNIQUE,
    spec {TEXT} NOT NULL,
    component {BYTES} NOT NULL,
    installed_at {INT} NOT NULL
);
CREATE INDEX plugins_by_name ON plugins (name, installed_at);
CREATE TABLE connectors (
    id {UUID} PRIMARY KEY,
    name {TEXT} NOT NULL UNIQUE,
    plugin_id {UUID} NOT NULL REFERENCES plugins (id),
    state {TEXT} NOT NULL,
    config {TEXT} NOT NULL,
    grants {TEXT} NOT NULL,
    created_at {INT} NOT NULL,
    last_delivery_at {INT}
);
CREATE TABLE runs (
    id {UUID} PRIMARY KEY,
    connector_id {UUID} NOT NULL REFERENCES connectors (id),
    feed {TEXT} NOT NULL,
    state {TEXT} NOT NULL,
    idempotency_key {TEXT},
    body_digest {BYTES},
    body {BYTES},
    lease {UUID},
    lease_until {INT},
    started_at {INT} NOT NULL,
    finished_at {INT},
    batches {INT} NOT NULL,
    records_read {INT} NOT NULL,
    accepted {INT} NOT NULL,
    duplicates {INT} NOT NULL,
    rejected {INT} NOT NULL,
    ignored {INT} NOT NULL,
    uncovered {INT} NOT NULL,
    error {TEXT}
);
CREATE UNIQUE INDEX runs_by_key ON runs (connector_id, idempotency_key);
CREATE INDEX runs_by_connector ON runs (connector_id, id);
CREATE INDEX runs_by_state ON runs (state, id);
CREATE TABLE rejects (
    run_id {UUID} NOT NULL REFERENCES runs (id),
    position {INT} NOT NULL,
    reason {TEXT} NOT NULL,
    detail {TEXT} NOT NULL,
    PRIMARY KEY (run_id, position)
);
CREATE TABLE subjects (
    id {UUID} PRIMARY KEY,
    pseudonym {TEXT} NOT NULL UNIQUE,
    key {BYTES} NOT NULL,
    created_at {INT} NOT NULL,
    next_due {INT},
    risk_score {REAL} NOT NULL,
    risk_level {TEXT} NOT NULL,
    risk_until {INT},
    risk_reset_at {INT},
    risk_reset_seen {TEXT}
);
CREATE INDEX subjects_due ON subjects (next_due);
CREATE TABLE identifiers (
    blind {BYTES} PRIMARY KEY,
    subject_id {UUID} NOT NULL REFERENCES subjects (id),
    sealed {BYTES} NOT NULL
);
CREATE INDEX identifiers_by_subject ON identifiers (subject_id);
CREATE TABLE profiles (
    subject_id {UUID} PRIMARY KEY REFERENCES subjects (id),
    occurred_at {INT} NOT NULL,
    event_key {BYTES} NOT NULL,
    department {TEXT},
    sealed {BYTES} NOT NULL,
    impact {TEXT},
    peers {BYTES}
);
CREATE TABLE norms (
    day {INT} NOT NULL,
    peers {BYTES} NOT NULL,
    usual {TEXT} NOT NULL,
    acts {TEXT},
    made_at {INT} NOT NULL,
    PRIMARY KEY (day, peers)
) {CLUSTERED};
CREATE TABLE device_owners (
    device {TEXT} NOT NULL,
    day {INT} NOT NULL,
    subject_id {UUID} REFERENCES subjects (id),
    made_at {INT} NOT NULL,
    PRIMARY KEY (device, day)
) {CLUSTERED};
CREATE TABLE priority_groups (
    id {UUID} PRIMARY KEY,
    name {TEXT} NOT NULL UNIQUE,
    created_at {INT} NOT NULL
);
CREATE TABLE priority_group_members (
    subject_id {UUID} NOT NULL REFERENCES subjects (id),
    group_id {UUID} NOT NULL REFERENCES priority_groups (id),
    PRIMARY KEY (subject_id, group_id)
) {CLUSTERED};
CREATE INDEX priority_group_members_by_group ON priority_group_members (group_id);
CREATE TABLE events (
    seq {SEQUENCE},
    connector_id {UUID} NOT NULL,
    event_key {BYTES} NOT NULL,
    run_id {UUID} NOT NULL,
    subject_id {UUID} NOT NULL,
    indicator {TEXT} NOT NULL,
    occurred_at {INT} NOT NULL,
    quantity {INT} NOT NULL,
    facts {TEXT} NOT NULL,
    content {BYTES},
    object {BYTES},
    previous_object {BYTES},
    site {BYTES},
    weight {INT} NOT NULL,
    unallowed {INT} NOT NULL,
    variants {TEXT},
    UNIQUE (connector_id, event_key)
);
CREATE INDEX events_by_subject ON events (subject_id, occurred_at);
CREATE TABLE triggers (
    connector_id {UUID} NOT NULL,
    event_key {BYTES} NOT NULL,
    subject_id {UUID} NOT NULL,
    indicator {TEXT} NOT NULL,
    occurred_at {INT} NOT NULL,
    lasts_until {INT},
    PRIMARY KEY (connector_id, event_key)
);
CREATE INDEX triggers_by_subject ON triggers (subject_id);
CREATE TABLE pending (
    subject_id {UUID} NOT NULL,
    batch {UUID} NOT NULL,
    day {INT} NOT NULL,
    indicator {TEXT} NOT NULL,
    count {INT} NOT NULL,
    PRIMARY KEY (subject_id, batch, day, indicator)
) {CLUSTERED};
CREATE TABLE activity_days (
    subject_id {UUID} NOT NULL,
    day {INT} NOT NULL,
    indicator {TEXT} NOT NULL,
    count {INT} NOT NULL,
    PRIMARY KEY (subject_id, day, indicator)
) {CLUSTERED};
CREATE TABLE settings (
    version {INT} PRIMARY KEY,
    body {TEXT} NOT NULL,
    created_at {INT} NOT NULL,
    created_by {TEXT} NOT NULL
);
CREATE TABLE enabled_indicators (
    code {TEXT} PRIMARY KEY,
    enabled_at {INT} NOT NULL,
    enabled_by {TEXT} NOT NULL
);
CREATE TABLE policies (
    id {UUID} PRIMARY KEY,
    name {TEXT} NOT NULL,
    template {TEXT} NOT NULL,
    state {TEXT} NOT NULL,
    version {INT} NOT NULL,
    created_at {INT} NOT NULL,
    updated_at {INT} NOT NULL,
    deleted_at {INT}
);
CREATE UNIQUE INDEX policies_by_name ON policies (name) WHERE deleted_at IS NULL;
CREATE TABLE policy_versions (
    policy_id {UUID} NOT NULL REFERENCES policies (id),
    version {INT} NOT NULL,
    spec {TEXT} NOT NULL,
    created_at {INT} NOT NULL,
    created_by {TEXT} NOT NULL,
    PRIMARY KEY (policy_id, version)
);
CREATE TABLE manual_scoring (
    seq {SEQUENCE},
    policy_id {UUID} NOT NULL REFERENCES policies (id),
    subject_id {UUID} NOT NULL REFERENCES subjects (id),
    ordered_at {INT} NOT NULL,
    days {INT} NOT NULL,
    reason {TEXT} NOT NULL,
    ordered_by {TEXT} NOT NULL
);
CREATE INDEX manual_scoring_by_subject ON manual_scoring (subject_id);
CREATE TABLE scores (
    subject_id {UUID} NOT NULL REFERENCES subjects (id),
    policy_id {UUID} NOT NULL REFERENCES policies (id),
    policy_version {INT} NOT NULL,
    setup {INT} NOT NULL,
    as_of {INT} NOT NULL,
    open {INT} NOT NULL,
    score {REAL} NOT NULL,
    missing {TEXT} NOT NULL,
    activations {TEXT} NOT NULL,
    next_due {INT},
    PRIMARY KEY (subject_id, policy_id)
);
CREATE INDEX scores_by_policy ON scores (policy_id, open);
CREATE TABLE score_history (
    subject_id {UUID} NOT NULL REFERENCES subjects (id),
    policy_id {UUID} NOT NULL REFERENCES policies (id),
    at {INT} NOT NULL,
    score {REAL} NOT NULL,
    cause {TEXT} NOT NULL,
    PRIMARY KEY (subject_id, policy_id, at)
) {CLUSTERED};
CREATE TABLE insights (
    id {UUID} PRIMARY KEY,
    subject_id {UUID} NOT NULL REFERENCES subjects (id),
    policy_id {UUID} NOT NULL REFERENCES policies (id),
    day {INT} NOT NULL,
    kind {TEXT} NOT NULL,
    indicator {TEXT} NOT NULL,
    count {INT} NOT NULL,
    level {TEXT} NOT NULL,
    boosters {TEXT} NOT NULL,
    score {REAL} NOT NULL,
    points {REAL} NOT NULL,
    explanation {TEXT} NOT NULL,
    risk_factors {TEXT} NOT NULL
);
CREATE INDEX insights_by_subject ON insights (subject_id, policy_id);
CREATE TABLE cases (
    id {UUID} PRIMARY KEY,
    name {TEXT} NOT NULL,
    subject_id {UUID} NOT NULL REFERENCES subjects (id),
    status {TEXT} NOT NULL,
    severity {TEXT} NOT NULL,
    opened_at {INT} NOT NULL,
    updated_at {INT} NOT NULL,
    resolution {TEXT},
    action_taken {TEXT},
    resolved_at {INT}
);
CREATE INDEX cases_by_subject ON cases (subject_id);
CREATE TABLE alerts (
    id {UUID} PRIMARY KEY,
    subject_id {UUID} NOT NULL REFERENCES subjects (id),
    policy_id {UUID} NOT NULL REFERENCES policies (id),
    policy_version {INT} NOT NULL,
    severity {TEXT} NOT NULL,
    status {TEXT} NOT NULL,
    score {REAL} NOT NULL,
    cause {TEXT} NOT NULL,
    risk_factors {TEXT} NOT NULL,
    assignee {TEXT},
    dismiss_reason {TEXT},
    case_id {UUID} REFERENCES cases (id),
    raised_at {INT} NOT NULL,
    updated_at {INT} NOT NULL,
    due_at {INT} NOT NULL,
    triaged_at {INT}
);
CREATE UNIQUE INDEX alerts_one_open ON alerts (subject_id, policy_id) WHERE status = 'NEEDS_REVIEW';
CREATE INDEX alerts_by_subject ON alerts (subject_id, policy_id);
CREATE INDEX alerts_by_policy ON alerts (policy_id, status);
CREATE INDEX alerts_by_status ON alerts (status, raised_at, id);
CREATE INDEX alerts_by_raised ON alerts (raised_at, id);
CREATE INDEX alerts_by_score ON alerts (score, id);
CREATE INDEX alerts_by_due ON alerts (due_at, id);
CREATE INDEX alerts_by_case ON alerts (case_id);
CREATE TABLE alert_insights (
    alert_id {UUID} NOT NULL REFERENCES alerts (id),
    position {INT} NOT NULL,
    insight_id {UUID} NOT NULL,
    day {INT} NOT NULL,
    kind {TEXT} NOT NULL,
    indicator {TEXT} NOT NULL,
    count {INT} NOT NULL,
    level {TEXT} NOT NULL,
    boosters {TEXT} NOT NULL,
    score {REAL} NOT NULL,
    points {REAL} NOT NULL,
    explanation {TEXT} NOT NULL,
    risk_factors {TEXT} NOT NULL,
    PRIMARY KEY (alert_id, position)
);
CREATE INDEX alert_insights_by_insight ON alert_insights (insight_id);
CREATE TABLE notes (
    id {UUID} PRIMARY KEY,
    alert_id {UUID} REFERENCES alerts (id),
    case_id {UUID} REFERENCES cases (id),
    author {TEXT} NOT NULL,
    system {INT} NOT NULL,
    body {TEXT} NOT NULL,
    written_at {INT} NOT NULL
);
CREATE INDEX notes_by_alert ON notes (alert_id, id);
CREATE INDEX notes_by_case ON notes (case_id, id);
CREATE TABLE audit (
    id {UUID} PRIMARY KEY,
    at {INT} NOT NULL,
    actor {TEXT} NOT NULL,
    roles {TEXT} NOT NULL,
    activity {TEXT} NOT NULL,
    category {TEXT} NOT NULL,
    object {TEXT},
    detail {TEXT} NOT NULL
);
";
