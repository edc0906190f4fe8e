//! Every bound of the product in one place: units at the end of the name, the reason beside it.
//! Never: an unbounded queue, page, body, batch or label elsewhere.

/// Nodes on one page of a connection (the API contract).
pub const PAGE_NODES: usize = 100;
/// Nodes on a page when the caller does not say.
pub const PAGE_NODES_DEFAULT: usize = 20;
/// A cursor, as the client sends it back: the keys of a list are a number and an id.
pub const CURSOR_BYTES: usize = 512;
/// A GraphQL request body: the largest operation of a triage screen is under 8 KiB.
pub const GRAPHQL_BODY_BYTES: usize = 256 * 1024;
/// Lexical tokens of a GraphQL document: eight times the largest operation of a triage screen.
pub const GRAPHQL_TOKENS: usize = 8_000;
/// Brackets of any kind open at once in a GraphQL document. Checked before parsing: the parser is recursive.
pub const GRAPHQL_NESTING: usize = 64;
/// Fields below each other, fragments unfolded. The introspection query of the common tools needs 15.
pub const GRAPHQL_DEPTH: usize = 20;
/// Fields and fragments of an operation, fragments unfolded. The introspection query needs about 400.
pub const GRAPHQL_FIELDS: usize = 2_000;
/// Aliases of an operation, fragments unfolded.
pub const GRAPHQL_ALIASES: usize = 100;
/// Fields of the root: a screen asks for a few things at once, a probe for thousands.
pub const GRAPHQL_ROOT_FIELDS: usize = 20;
/// Directives of an operation, fragments unfolded.
pub const GRAPHQL_DIRECTIVES: usize = 100;
/// Lists of the introspection schema below each other (`fields`, `interfaces`, `possibleTypes`, `inputFields`): the
/// query of the common tools has one, and each more multiplies the answer by the size of the schema.
pub const GRAPHQL_INTROSPECTION_LISTS: usize = 2;
/// Nodes that an operation may ask for: the page sizes of connections below each other multiplied. Without it 60 bytes
/// ask for a million.
pub const GRAPHQL_NODES: usize = 50_000;
/// Operations in one document.
pub const GRAPHQL_OPERATIONS: usize = 20;
/// Fragment definitions in one document.
pub const GRAPHQL_FRAGMENTS: usize = 100;
/// Time for one GraphQL request; a mutation that takes longer is rolled back.
pub const GRAPHQL_SECONDS: u64 = 30;
/// Bodies of deliveries held in memory at once, each up to `INGEST_BODY_BYTES`; beyond it the sender gets 429.
pub const INGEST_BODIES: usize = 16;
/// An `Idempotency-Key`, in characters.
pub const IDEMPOTENCY_KEY_CHARS: usize = 200;
/// Time that requests in hand have to finish after the server was told to stop.
pub const SHUTDOWN_SECONDS: u64 = 30;
/// Time in which the database must answer for `/readyz` to be good.
pub const READY_SECONDS: u64 = 5;
/// Time for a body to arrive.
pub const BODY_SECONDS: u64 = 60;
/// A bearer token: large providers list up to 200 groups in one.
pub const BEARER_BYTES: usize = 16 * 1024;
/// How far a token's times may be off: clocks differ.
pub const TOKEN_LEEWAY_SECONDS: i64 = 60;
/// A key set or a discovery document of a provider: the largest known are under 40 KB.
pub const KEY_SET_BYTES: u64 = 256 * 1024;
/// Keys in one set: large providers rotate through a dozen.
pub const KEY_SET_KEYS: usize = 64;
/// RSA moduli, in bits: shorter ones can be factored, longer ones take the verifier's time.
pub const RSA_BITS: std::ops::RangeInclusive<usize> = 2_048..=4_096;
/// A key's id.
pub const KEY_ID_BYTES: usize = 256;
/// The `sub` of a token (OpenID Connect Core, section 2).
pub const TOKEN_SUBJECT_BYTES: usize = 255;
/// Values of a claim that are looked at: audiences, roles, groups.
pub const TOKEN_CLAIM_VALUES: usize = 500;
/// Time for one answer of a provider.
pub const PROVIDER_SECONDS: u64 = 5;
/// How soon after one attempt a provider is asked for its keys again, whatever key ids tokens name.
pub const KEY_SET_REFETCH_SECONDS: i64 = 30;
/// How old a key set may be before a newer one is asked for, so that a key that was withdrawn stops to count.
pub const KEY_SET_FRESH_SECONDS: i64 = 600;
/// How long the last good set counts while the provider is away.
pub const KEY_SET_KEPT_SECONDS: i64 = 24 * 3_600;
/// Providers of sign-ins.
pub const ISSUERS: usize = 16;
/// Refused tokens that get an audit entry each, a minute; the others of that minute are counted in one.
pub const REFUSED_TOKENS_A_MINUTE: u32 = 60;
/// Refused tokens from one address in a minute, beyond which it is answered 429: a client that is set up wrongly and
/// tries once a second stays below.
pub const REFUSED_TOKENS_A_PEER: u32 = 120;
/// Addresses that are counted at once; about 50 bytes each.
pub const PEERS_COUNTED: usize = 10_000;
/// How long a role may be granted for, in days, unless until it is taken back.
pub const GRANT_DAYS: std::ops::RangeInclusive<i32> = 1..=366;
/// Grants that hold at once.
pub const ROLE_GRANTS: usize = 10_000;
/// Scoring tasks of one process.
pub const SCORERS: std::ops::RangeInclusive<u8> = 1..=32;
/// Ids in one `nodes(ids:)`.
pub const NODES_IDS: usize = 100;
/// Time to review an alert of high severity (domain, section 5).
pub const REVIEW_HIGH_HOURS: i32 = 24;
/// Time to review an alert of medium severity (domain, section 5).
pub const REVIEW_MEDIUM_HOURS: i32 = 72;
/// Time to review an alert of low severity (domain, section 5).
pub const REVIEW_LOW_HOURS: i32 = 7 * 24;
/// What the times to review may be set to: an hour to thirty days.
pub const REVIEW_HOURS_RANGE: std::ops::RangeInclusive<i32> = 1..=720;
/// Alerts in one bulk dismissal (domain, section 5).
pub const BULK_DISMISS: usize = 400;
/// Accounts in one `startScoring` or `stopScoring`.
pub const SCORING_ACCOUNTS: usize = 400;
/// Free text written by staff: notes, reasons, descriptions.
pub const STAFF_TEXT_CHARS: usize = 4_000;
/// Names of policies, cases, connectors.
pub const NAME_CHARS: usize = 200;
/// Codes in one `enableIndicators`.
pub const INDICATOR_CODES: usize = 500;

/// A body of `POST /ingest/{connector}` as it arrives: larger deliveries are split by the sender.
pub const INGEST_BODY_BYTES: usize = 16 * 1024 * 1024;
/// What a compressed body may unpack to, and the largest a file's unpacked stream may be per compressed byte.
pub const INGEST_UNPACKED_BYTES: u64 = 256 * 1024 * 1024;
/// An imported file, unpacked (domain, section 12: up to 3 GB; with head-room).
pub const IMPORT_UNPACKED_BYTES: u64 = 64 * 1024 * 1024 * 1024;
/// One record of any feed. Office 365 records are at most about 100 KB.
pub const RECORD_BYTES: usize = 1024 * 1024;
/// Records handed to a plugin at once (measured: under 1 µs of overhead a record from 100 on).
pub const BATCH_RECORDS: usize = 1_000;
/// Bytes handed to a plugin at once, unless a single record is larger.
pub const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Events that one record may become.
pub const EVENTS_PER_RECORD: usize = 64;
/// Rejects kept a run with position and reason; beyond it they are counted only.
pub const REJECTS_PER_RUN: usize = 10_000;
/// Deliveries waiting to be processed, for one connector; beyond it the sender gets 429.
pub const QUEUED_RUNS_PER_CONNECTOR: u64 = 64;
/// Seconds in `Retry-After` when a queue is full.
pub const RETRY_AFTER_SECONDS: u64 = 5;

/// Attributes of one event.
pub const EVENT_ATTRIBUTES: usize = 64;
/// One text of an event: a path on Windows may have 32,767 characters.
pub const EVENT_TEXT_BYTES: usize = 32 * 1024;
/// Texts in one list attribute (recipients of a mail).
pub const EVENT_LIST_ITEMS: usize = 500;
/// Identifiers of one event's parties.
pub const EVENT_IDENTIFIERS: usize = 512;
/// One identifier. An address has at most 320 characters (RFC 5321).
pub const IDENTIFIER_BYTES: usize = 512;
/// A vendor's id of one event, and the name of an attribute, party or scheme: ids and words, not prose.
pub const EVENT_NAME_BYTES: usize = 1_024;
/// How far ahead of an event the last working day may be that it announces: the longest notice periods are a year, and
/// what is later is "open-ended" written as a date.
pub const LAST_WORKING_DAYS: i32 = 366;
/// How far ahead of the host's clock an event may be: clocks differ, zones are mistaken.
pub const EVENT_FUTURE_HOURS: i32 = 48;
/// How old an event may be: twenty years of archives.
pub const EVENT_PAST_DAYS: i32 = 20 * 366;

/// Activation window (domain, section 2).
pub const ACTIVATION_DAYS: std::ops::RangeInclusive<i32> = 1..=30;
/// Look-back (domain, section 2).
pub const LOOKBACK_DAYS: std::ops::RangeInclusive<i32> = 0..=90;
/// Manual scoring (domain, section 1).
pub const MANUAL_SCORING_DAYS: std::ops::RangeInclusive<i32> = 5..=30;
/// What belongs together to a match of a risk level (domain, section 11).
pub const RISK_WINDOW_DAYS: i32 = 7;
/// What either may be set to (domain, section 11).
pub const RISK_TIMING_DAYS: std::ops::RangeInclusive<i32> = 5..=30;
/// How long a subject's risk level lasts after the last match (domain, section 11).
pub const RISK_LEVEL_DAYS: i32 = 7;
/// Departments, groups, accounts or exclusions that one policy lists, each: whoever covers more covers everybody.
pub const POLICY_SCOPE_ITEMS: usize = 10_000;
/// How long an HR connector may be silent (domain, section 4).
pub const HEALTH_HR_DAYS: i32 = 7;
/// How old a policy is before it is asked what it has found: it takes a month to see a trigger and its window.
pub const HEALTH_SETTLING_DAYS: i32 = 30;
/// Share of subjects with one triggering event in 30 days above which it singles nobody out (domain, section 4).
pub const HEALTH_TRIGGER_PERCENT: u64 = 15;
/// Subjects below which a share says nothing.
pub const HEALTH_TRIGGER_SUBJECTS: u64 = 20;
/// Triggering events of HR, the directory or an installation's own in a day, each kind (domain, section 2).
pub const TRIGGERS_A_DAY_PEOPLE: u64 = 15_000;
/// Triggering events of any other kind in a day (domain, section 2).
pub const TRIGGERS_A_DAY: u64 = 5_000;
/// Triggering events of all kinds in a day (domain, section 2).
pub const TRIGGERS_A_DAY_ALL: u64 = 50_000;
/// Policies, all states together.
pub const POLICIES: usize = 500;
/// Versions of a policy that are listed, the newest: who has to look further back reads the audit log.
pub const POLICY_VERSIONS_SHOWN: i32 = 50;
/// A file of policies: 500 policies with a thousand listed people each fit twice.
pub const POLICY_FILE_BYTES: usize = 32 * 1024 * 1024;
/// Problems of one file that are told; who has so many looks for a common cause.
pub const POLICY_FILE_PROBLEMS: usize = 200;

/// Rules of whom an installation monitors (domain, section 14).
pub const COVERAGE_RULES: usize = 50;
/// Entries of one list of domains or exclusions (domain, section 3).
pub const EXCLUSIONS: usize = 500;
/// One entry of such a list: a path on Windows has 260 characters unless somebody insists.
pub const SETTING_CHARS: usize = 400;
/// Detection groups: as many as anybody can keep apart.
pub const DETECTION_GROUPS: usize = 100;
/// Things in one detection group (domain, section 3).
pub const DETECTION_GROUP_ITEMS: usize = 200;
/// Variants of one indicator (domain, section 3).
pub const VARIANTS_PER_INDICATOR: usize = 3;
/// Variants altogether: every event is compared with those of its indicator.
pub const VARIANTS: usize = 200;
/// Priority user groups.
pub const PRIORITY_GROUPS: usize = 200;
/// Sites, types or labels that one policy gives priority, each.
pub const PRIORITY_CONTENT_ITEMS: usize = 100;
/// File types that one policy gives priority (domain, section 2).
pub const PRIORITY_FILE_TYPES: usize = 50;
/// Indicators of one's own.
pub const CUSTOM_INDICATORS: usize = 500;

/// Subjects that a scorer takes in one transaction.
pub const SCORING_SUBJECTS: u64 = 64;
/// A plugin file: the largest useful ones (Python) are about 18 MB.
pub const PLUGIN_BYTES: usize = 64 * 1024 * 1024;
/// Functions of a plugin: caps the work of the compiler, which no fuel covers.
pub const PLUGIN_FUNCTIONS: u32 = 60_000;
/// Linear memory of a running plugin, in MiB, where its manifest asks for no more.
pub const PLUGIN_MEMORY_MIB: u32 = 64;
/// What a manifest may ask for: interpreters bring their whole heap along.
pub const PLUGIN_MEMORY_MOST_MIB: u32 = 256;
/// Stack of a running plugin.
pub const PLUGIN_STACK_BYTES: usize = 512 * 1024;
/// Table elements of a running plugin.
pub const PLUGIN_TABLE_ELEMENTS: usize = 20_000;
/// Time of one call of a plugin, in ticks of `PLUGIN_TICK_MILLIS`.
pub const PLUGIN_CALL_TICKS: u64 = 500;
/// Epoch tick.
pub const PLUGIN_TICK_MILLIS: u64 = 10;
/// What one call of a plugin may hand back, lifted, in bytes (host-call fuel).
pub const PLUGIN_OUTPUT_BYTES: usize = 64 * 1024 * 1024;
/// Log lines kept from one call; the rest are counted.
pub const PLUGIN_LOG_LINES: usize = 64;
/// Bytes of one log line.
pub const PLUGIN_LOG_BYTES: usize = 1_024;
/// Faults within `PLUGIN_FAULT_WINDOW_SECONDS` that put a connector into quarantine.
pub const PLUGIN_FAULTS: usize = 5;
/// See `PLUGIN_FAULTS`.
pub const PLUGIN_FAULT_WINDOW_SECONDS: i64 = 600;
/// Calls of plugins at once, all plugins together: more than the cores of one machine gain nothing, and each may hold
/// `PLUGIN_MEMORY_MIB`. A call that may hold more counts for as many, so that all calls together never do.
pub const PLUGIN_CALLS: usize = 16;
/// Records of one batch that may make their plugin fail; with more, the batch fails as a whole.
pub const PLUGIN_POISON_RECORDS: usize = 16;
/// Time of calls that failed, for one batch: bounds the search for the records that cause it.
pub const PLUGIN_SEARCH_MILLIS: u128 = 60_000;
/// The least time of a call within that search, in ticks of `PLUGIN_TICK_MILLIS`: a lone record takes microseconds.
pub const PLUGIN_SEARCH_TICKS: u64 = 100;
/// One text by which a plugin explains itself: a reject's detail, a reason to ignore, a failure.
pub const PLUGIN_MESSAGE_BYTES: usize = 500;
/// Different reasons to ignore records, counted separately for one batch.
pub const PLUGIN_IGNORE_REASONS: usize = 64;
/// Feeds that one plugin may declare.
pub const PLUGIN_FEEDS: usize = 64;
/// Kinds that one plugin may declare.
pub const PLUGIN_KINDS: usize = 512;

/// Files of one folder of the inbox that are looked at in one turn.
pub const INBOX_FILES: usize = 1_000;
/// How long a file of the inbox must not have been written to, in seconds: a copy that is on its way is written to all the
/// time.
pub const INBOX_QUIET_SECONDS: u64 = 10;

/// The text of a minisign signature: four lines, the third a comment.
pub const PLUGIN_SIGNATURE_BYTES: usize = 16 * 1024;
/// Keys that may sign plugins.
pub const PLUGIN_KEYS: usize = 50;

/// Memory of each place for a call that is kept between calls: what a batch of a thousand records touches.
pub const PLUGIN_RESIDENT_BYTES: usize = 4 * 1_024 * 1_024;
/// Calls of plugins that pull at once: they wait for others, so they have places of their own.
pub const PULLS: usize = 4;
/// Time of one call that pulls, waiting for answers included.
pub const PULL_SECONDS: u64 = 120;
/// How long a source is one worker's: longer than a call.
pub const PULL_LEASE_SECONDS: i64 = 180;
/// Pages that wait to be worked off, for one connector; its sources are asked no further before there are fewer.
pub const PULLED_RUNS_WAITING: i64 = 8;
/// Requests of one such call: a page and what it needs.
pub const PULL_REQUESTS: usize = 50;
/// Time for one answer.
pub const PULL_ANSWER_SECONDS: u64 = 30;
/// One answer: a page of a vendor's API has a few MB at most.
pub const PULL_ANSWER_BYTES: u64 = 8 * 1024 * 1024;
/// All answers of one call.
pub const PULL_BYTES: u64 = 32 * 1024 * 1024;
/// The headers of one answer.
pub const PULL_ANSWER_HEADER_BYTES: usize = 64 * 1024;
/// Headers of one request.
pub const PULL_HEADERS: usize = 50;
/// One header or body that is sent: queries, not uploads.
pub const PULL_SENT_BYTES: usize = 64 * 1024;
/// Records that a page is asked for; its size is bounded by `INGEST_BODY_BYTES`.
pub const PULL_RECORDS: usize = 10_000;
/// A cursor: where a source was read to.
pub const PULL_CURSOR_BYTES: usize = 64 * 1024;
/// How often a source is asked, in minutes.
pub const PULL_EVERY_MINUTES: std::ops::RangeInclusive<i32> = 1..=1_440;
/// How often unless the operator says: audit records of large vendors come with minutes of delay anyway.
pub const PULL_EVERY_MINUTES_DEFAULT: i32 = 15;
/// From when on records are pulled first, in days before: what large vendors keep for their APIs.
pub const PULL_FIRST_DAYS: i32 = 7;
/// How far back records can be asked for.
pub const PULL_BACK_DAYS: i32 = 3 * 366;
/// Pause after a failure, doubled with each, in seconds.
pub const PULL_PAUSE_SECONDS: std::ops::RangeInclusive<i64> = 30..=3_600;
/// The longest pause that a vendor may ask for (Retry-After).
pub const PULL_RETRY_SECONDS: u32 = 6 * 3_600;
/// Destinations that one connector may be granted, or its plugin may ask for.
pub const DESTINATIONS: usize = 50;
/// A connector's configuration.
pub const CONNECTOR_CONFIG_BYTES: usize = 256 * 1024;
/// Secrets in one.
pub const CONNECTOR_SECRETS: usize = 20;

/// Connections that read the SQLite file at once; one more writes.
pub const SQLITE_READERS: u32 = 4;
/// Connections of one process to PostgreSQL.
pub const POSTGRES_CONNECTIONS: u32 = 16;
/// How long a task waits for a connection or a lock of the database.
pub const DATABASE_WAIT_SECONDS: u64 = 30;
/// How long PostgreSQL may work on one statement.
pub const STATEMENT_SECONDS: u64 = 60;
/// Subjects that may be merged into one. Nobody has more accounts that sources keep apart; each makes a merged day a row more.
pub const SUBJECT_PARTS: usize = 20;
/// Subjects whose accounts are compared for suggestions: their spellings are held in memory, about 500 bytes each.
pub const COMPARED_SUBJECTS: usize = 200_000;
/// Subjects that may share a spelling for it to suggest anything: what more have in common is a common name.
pub const LIKENESS_CROWD: usize = 4;
/// Suggestions that are kept: whoever looks through them settles the first ones first.
pub const MERGE_SUGGESTIONS: usize = 1_000;
/// Suggestions in one answer.
pub const SHOWN_SUGGESTIONS: usize = 100;
/// Time between comparisons of all accounts.
pub const SUGGESTION_MINUTES: i64 = 60;
/// Rows in one INSERT: SQLite takes 32,766 values in a statement, the widest table has 17 columns.
pub const INSERT_ROWS: usize = 500;
/// Known people (blind index to subject) kept in memory, and as many unwrapped keys: about 100 bytes each.
pub const RESOLVER_ENTRIES: usize = 200_000;
/// Time that a delivery's worker may be silent before another takes the delivery over.
pub const RUN_LEASE_SECONDS: i64 = 60;
/// How far back a score looks: 90 days of look-back, a 30-day window and a long notice period. What is older than that
/// has decayed to nothing many times over.
pub const SCORING_HISTORY_DAYS: i32 = 400;
/// Domains of one event that are remembered as destinations.
pub const EVENT_DESTINATIONS: usize = 20;
/// Members below which a group has no norm: a norm of few would tell of each of them.
pub const PEERS: usize = 5;
/// Days for which it holds what is usual of peers' acts: over 30 days it changes slowly, and every one that is kept is read
/// with the days that were compared with it.
pub const PEERS_ACTS_DAYS: i32 = 7;
/// Devices, destinations and kinds of acts that are remembered of one subject.
pub const KNOWN_THINGS: usize = 4_096;
/// Events on objects of one subject and day that sequences look at.
pub const OBJECTS_PER_DAY: usize = 5_000;
/// Objects of one subject that are remembered as having left within 30 days; beyond, counts alone go up.
pub const OBJECTS_REMEMBERED: usize = 20_000;
/// How far back sequences and what left over 30 days are looked for: a look-back of 90 days, a window of 30, and the 30
/// days before.
pub const SEQUENCE_HISTORY_DAYS: i32 = 150;
/// Events on objects of one subject that one scoring looks at, the newest first.
pub const SEQUENCE_EVENTS: usize = 50_000;
/// Subject-days that USER_BASED thresholds are computed from, the newest first.
pub const USER_BASED_COUNTS: usize = 200_000;
/// Rules of one file.
pub const RULES: usize = 500;
/// Steps of one rule.
pub const RULE_STEPS: usize = 10;
/// Events that one rule counts: it keeps an instant for each, for each subject.
pub const RULE_COUNT: u32 = 10_000;
/// The longest window of a rule.
pub const RULE_DAYS: i32 = 90;
/// How long the history of a score is kept.
pub const SCORE_HISTORY_DAYS: i32 = 180;
/// Points of a score's history in one answer, the newest.
pub const SCORE_HISTORY_POINTS: usize = 1_000;
/// Days that a preview looks at.
pub const PREVIEW_DAYS: std::ops::RangeInclusive<i32> = 1..=90;
/// People that a preview looks at: more would not answer in time.
pub const PREVIEW_SUBJECTS: usize = 20_000;
/// Days that the preview of a tuning looks at: as a preview does where nobody says.
pub const TUNING_PREVIEW_DAYS: i32 = 30;
/// People that the preview of a tuning looks at: twice each, while an analyst waits beside an alert.
pub const TUNING_PREVIEW_SUBJECTS: u64 = 2_000;
/// Earlier edits of an indicator that a preview of its tuning lists.
pub const TUNING_EDITS: usize = 20;
/// Hours for which a reveal holds, unless the settings say otherwise.
pub const REVEAL_HOURS: u32 = 8;
/// What the settings may say.
pub const REVEAL_HOURS_RANGE: std::ops::RangeInclusive<u32> = 1..=72;
/// Hours after which a request for a reveal that nobody decided on is over.
pub const REVEAL_REQUEST_HOURS: u32 = 7 * 24;
/// Minutes for which a reveal without consent holds, in an emergency.
pub const BREAK_GLASS_MINUTES: i64 = 15;
/// Hours that a share of a case may hold.
pub const SHARE_HOURS: std::ops::RangeInclusive<i32> = 1..=90 * 24;
/// Shares of one case.
pub const CASE_SHARES: u64 = 200;
/// Requests a minute through one share token, on one server.
pub const SHARE_REQUESTS_A_MINUTE: u32 = 120;
/// Requests a minute of one signed-in viewer, on one server, unless the configuration says otherwise: a screen that is worked
/// with asks for a few a second at most.
pub const REQUESTS_A_MINUTE: u32 = 1_200;
/// What the configuration may set that to.
pub const REQUESTS_A_MINUTE_RANGE: std::ops::RangeInclusive<u32> = 10..=1_000_000;
/// Viewers, and share tokens, whose requests one server counts at once.
pub const RATES_COUNTED: usize = 10_000;
/// Bytes of the manifest of trusted documents.
pub const TRUSTED_DOCUMENTS_BYTES: usize = 8 * 1_024 * 1_024;
/// Time for which a browser may remember what it was told about other sites.
pub const CORS_SECONDS: u64 = 3_600;
/// Answers below this many bytes are not compressed: a packet holds them anyway.
pub const COMPRESSED_FROM_BYTES: u64 = 1_024;
/// Viewers on the list of a priority user group, and contributors of a case.
pub const LISTED_VIEWERS: usize = 200;
/// Sensitivity labels that the summary of one kind of content names: an organisation has a handful.
pub const CONTENT_LABELS: usize = 10;
/// Insights of a case, the newest ones, whose events its summary by content type counts: a year of five a day.
pub const CONTENT_INSIGHTS: usize = 2_000;
/// Groups of events alike (indicator, day, extension, label), the newest ones, that such a summary joins: read in a tenth of a
/// second.
pub const CONTENT_GROUPS: usize = 10_000;
/// Words of one text of staff that are compared with names: a text of the longest kind has fewer.
pub const NAMING_WORDS: usize = 2_500;
/// Days that an overview looks back: a month's work is neither one bad day nor last year's team.
pub const OVERVIEW_DAYS: i32 = 30;
/// Audit entries that tell in which roles staff acts of late.
pub const OVERVIEW_ENTRIES: usize = 10_000;
/// Days that statistics of decisions may look back; what retention has removed is not in them.
pub const STATISTICS_DAYS: std::ops::RangeInclusive<i32> = 1..=365;
/// Indicators that statistics of decisions list, those with the most decisions.
pub const STATISTICS_INDICATORS: usize = 50;
/// People below whom a number about the whole organisation is not shown, and what other numbers are rounded down to: as few
/// as may be among peers.
pub const ANONYMOUS_PEOPLE: u64 = 5;
/// Whole days that numbers about the whole organisation look back, always as many: from two windows one could take what
/// happened between them.
pub const ANONYMOUS_DAYS: i32 = 30;
/// Days since a cause of leaving, for which somebody counts as leaving: a common notice period.
pub const ANONYMOUS_LEAVING_DAYS: i32 = 90;
/// Indicators that numbers about the whole organisation list, those with the most people.
pub const ANONYMOUS_INDICATORS: usize = 5;
/// A policy's decided alerts that a rank looks at, the newest: a habit of long ago is none any more.
pub const TRIAGE_DECISIONS: usize = 200;
/// Days that a suppression may hold (domain, section 13: it expires).
pub const SUPPRESSION_DAYS: i32 = 90;
/// Suppressions that hold at once: who needs more wants other thresholds.
pub const SUPPRESSIONS: u64 = 1_000;
/// What is said for switching pseudonyms off: a sentence, not a word.
pub const JUSTIFICATION_CHARS: usize = 20;
/// Days that alerts without a case are kept after their last change (domain, section 10).
pub const RETENTION_ALERT_DAYS: i32 = 120;
/// Days that resolved cases are kept (domain, section 10).
pub const RETENTION_CASE_DAYS: i32 = 120;
/// Days that reports of somebody's activity are kept (domain, section 10).
pub const RETENTION_REPORT_DAYS: i32 = 120;
/// Days that one report of somebody's activity is of: a look-back.
pub const REPORT_DAYS: i32 = 90;
/// Reports of somebody's activity that are kept at once: with more nobody knows any more who looked at whom, and why.
pub const ACTIVITY_REPORTS: i64 = 10_000;
/// Days that events are kept (domain, section 10).
pub const RETENTION_EVENT_DAYS: i32 = 180;
/// Days that the audit log is kept, at least (domain, section 10).
pub const RETENTION_AUDIT_DAYS: i32 = 180;
/// What periods may be set to: below a month nothing is usual any more; ten years are the longest that any law asks for.
pub const RETENTION_DAYS_RANGE: std::ops::RangeInclusive<i32> = 30..=3_650;
/// The same for the audit log, which others rely on.
pub const RETENTION_AUDIT_DAYS_RANGE: std::ops::RangeInclusive<i32> = RETENTION_AUDIT_DAYS..=3_650;
/// Alerts, cases or subjects that retention looks at in one transaction.
pub const RETENTION_BATCH: usize = 100;
/// Events of one subject that retention removes in one transaction, unless a single day has more.
pub const RETENTION_EVENTS: usize = 20_000;
/// Runs that retention removes in one transaction: each may have `REJECTS_PER_RUN` rejects.
pub const RETENTION_RUNS: usize = 10;
/// How long a replica that works on retention is believed to be alive without a sign.
pub const RETENTION_LEASE_SECONDS: i64 = 600;
/// A package that a case is exported as. The largest cases of the benchmarks are under 40 MB; on SQLite nobody else writes
/// while one is made.
pub const EXPORT_BYTES: u64 = 256 * 1024 * 1024;
/// Packages of one case that are kept.
pub const CASE_EXPORTS: u64 = 20;
/// Packages that one server makes at once: each has a transaction and a page of rows in memory.
pub const EXPORTS_AT_ONCE: usize = 2;
/// Attempts at a package whose case was written to while it was made.
pub const EXPORT_ATTEMPTS: usize = 10;
/// Rows of evidence that are read at once for a package.
pub const EXPORT_ROWS: usize = 200;
/// A piece of a package as it is sealed and stored, and handed to who downloads it.
pub const EXPORT_PIECE_BYTES: usize = 256 * 1024;
/// Entries of the audit log that are proved at once for a package: a proof has a few dozen hashes.
pub const EXPORT_PROOFS: usize = 100;
/// A manifest, a signature, a checkpoint of a package, and a line of its custody: all are under 64 KiB.
pub const EXPORT_SMALL_FILE_BYTES: usize = 1024 * 1024;
/// Findings about one package that are told; the rest are counted.
pub const EXPORT_FINDINGS: usize = 100;
/// Findings about one exported audit log that are told; the rest are counted.
pub const AUDIT_FINDINGS: usize = 100;
/// Audit entries that one turn of the sequencer takes: about 400 KB of leaves, one checkpoint.
pub const AUDIT_BATCH: usize = 1_000;
/// How long the log may be without a new signature; what an auditor sees is never older (domain, section 9).
pub const AUDIT_HEARTBEAT_SECONDS: i64 = 60;
/// Forbidden mutations that are audited one by one in a minute; beyond it they are counted, so that
/// nobody fills the log from outside.
pub const AUDIT_DENIALS_PER_MINUTE: u64 = 60;
/// A line of an export: a leaf and a reason are far smaller. What is longer is read as several lines, which none of them is.
pub const AUDIT_LINE_BYTES: u64 = 16 * 1024 * 1024;
/// Entries of an export that are read at once.
pub const AUDIT_EXPORT_ROWS: usize = 500;
/// Entries that a feed to a SIEM sends at once.
pub const SIEM_BATCH: usize = 200;
/// A datagram of syslog; longer entries go without their detail. Receivers take 2,048 bytes at least (RFC 5424), the
/// common ones 8 KiB.
pub const SIEM_DATAGRAM_BYTES: usize = 8 * 1024;
/// A file of remembered checkpoints: ten years of heartbeats fit in parts, a month in one.
pub const AUDIT_CHECKPOINT_FILE_BYTES: u64 = 256 * 1024 * 1024;
/// Addresses that are told when the glass is broken.
pub const BREAK_GLASS_ADDRESSES: usize = 20;
/// Addresses that get a copy of a notice.
pub const NOTICE_COPIES: usize = 20;
/// A text of a notice.
pub const NOTICE_BYTES: usize = 64 * 1024;
/// Templates of notices.
pub const NOTICE_TEMPLATES: i64 = 200;
/// Notices in one case.
pub const CASE_NOTICES: i64 = 50;
/// Time for a mail server to take one message.
pub const MAIL_SECONDS: u64 = 30;
/// Time for which one message is a replica's to send; longer than it may take.
pub const MESSAGE_LEASE_SECONDS: i64 = 120;
/// Attempts at one message, with growing pauses: 31 hours of them.
pub const MESSAGE_ATTEMPTS: i64 = 40;
/// Pause after the first failed attempt, doubled after each.
pub const MESSAGE_PAUSE_SECONDS: i64 = 10;
/// No pause is longer.
pub const MESSAGE_LONGEST_PAUSE_SECONDS: i64 = 3_600;
/// Webhooks: each costs a row of the outbox for every event.
pub const WEBHOOKS: i64 = 20;
/// An address of a webhook.
pub const WEBHOOK_URL_CHARS: usize = 2_000;
/// Places that webhooks may go to.
pub const WEBHOOK_ORIGINS: usize = 20;
/// Time for a webhook to take one message.
pub const WEBHOOK_SECONDS: u64 = 10;
/// How long a message to a webhook is repeated: a long weekend.
pub const WEBHOOK_GIVE_UP_SECONDS: i64 = 3 * 24 * 3_600;
/// How long it is told what became of messages to webhooks.
pub const WEBHOOK_KEPT_DAYS: i32 = 30;
/// A question of a consultation, and what is said beside an answer.
pub const CONSULTATION_CHARS: usize = 2_000;
/// Answers that a consultation offers.
pub const CONSULTATION_CHOICES: std::ops::RangeInclusive<usize> = 2..=6;
/// One of these answers.
pub const CONSULTATION_CHOICE_CHARS: usize = 100;
/// How often the resolvers of a request are polled in a row where they ask for it: a list of 100 pauses a few times.
pub const RESOLVER_POLLS: usize = 64;
/// Credentials of one connector that hold at the same time: enough to exchange one for the next.
pub const CONNECTOR_CREDENTIALS: i64 = 10;
/// Days for which one holds.
pub const CREDENTIAL_DAYS: std::ops::RangeInclusive<i32> = 1..=366;
/// Addresses of one notification.
pub const NOTIFICATION_ADDRESSES: usize = 20;
/// The hour (UTC) from which what is told daily or weekly is told.
pub const NOTIFICATION_HOUR: i64 = 6;
/// Time for a SIEM to take a batch.
pub const SIEM_SECONDS: u64 = 10;
/// Changes that one turn of the feed for subscribers reads, and gives places to.
pub const LIVE_BATCH: usize = 1_000;
/// How long changes are kept for replicas that were away; a subscriber who missed some is told.
pub const LIVE_KEPT_SECONDS: i64 = 600;
/// Different changes that wait for one subscriber: an import of a company's history raises a few hundred alerts a second.
/// With more the subscription ends.
pub const LIVE_QUEUE: usize = 1_000;
/// Sockets and event streams that one server holds open.
pub const LIVE_CONNECTIONS: usize = 2_000;
/// Sockets and event streams of one viewer on one server: a browser with many tabs.
pub const LIVE_CONNECTIONS_PER_VIEWER: usize = 30;
/// Subscriptions on one socket.
pub const LIVE_OPERATIONS: usize = 50;
/// The id that a client gives a subscription.
pub const LIVE_OPERATION_ID_BYTES: usize = 128;
/// Time for a new socket to send `connection_init`.
pub const LIVE_INIT_SECONDS: u64 = 5;
/// How often a sign of life is sent on a socket or event stream; a socket that is silent for two of them is closed.
pub const LIVE_PING_SECONDS: u64 = 15;
/// Time for a client to take what is sent to it.
pub const LIVE_SEND_SECONDS: u64 = 10;
/// How often a viewer is looked up again where nothing is delivered. It is done at once when grants or lists change, and
/// before each delivery.
pub const LIVE_RECHECK_SECONDS: u64 = 60;
