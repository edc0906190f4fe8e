//! Every guarded field and the row of the access matrix it goes by: the one table that joins the two.
//! Never: a rule that guards nothing; a test compares this table with the printed schema.

crate::rules! {
    QueryOverview = "Query"."overview": Analytics, Read;
    QueryDismissalStatistics = "Query"."dismissalStatistics": Analytics, Read;
    QueryOrganisationInsight = "Query"."organisationInsight": Analytics, Read;
    QueryPolicyTemplates = "Query"."policyTemplates": Policies, Read;
    QueryIndicators = "Query"."indicators": Indicators, Read;
    QueryPolicy = "Query"."policy": Policies, Read;
    QueryPolicies = "Query"."policies": Policies, Read;
    QueryPolicyPreview = "Query"."policyPreview": Policies, Change;
    QuerySettings = "Query"."settings": Settings, Read;
    QueryRoleGrants = "Query"."roleGrants": RoleGrants, Read;
    QuerySettingsHistory = "Query"."settingsHistory": Settings, Read;
    QueryPriorityUserGroups = "Query"."priorityUserGroups": Settings, Read;

    QueryAlerts = "Query"."alerts": Alerts, Read;
    QuerySuppressions = "Query"."suppressions": Alerts, Read;
    QueryTuningPreview = "Query"."tuningPreview": Alerts, Change;
    QueryActivityReport = "Query"."activityReport": ActivityReports, Read;
    QueryActivityReports = "Query"."activityReports": ActivityReports, Read;
    QueryCases = "Query"."cases": Cases, Read;
    QuerySubjects = "Query"."subjects": Subjects, Read;
    QuerySubjectMergeSuggestions = "Query"."subjectMergeSuggestions": Merges, Read;
    QueryReveals = "Query"."reveals": Reveals, Read;
    QueryPlugins = "Query"."plugins": Connectors, Read;
    QueryConnectors = "Query"."connectors": Connectors, Read;

    QueryNotifications = "Query"."notifications": Settings, Read;
    QueryWebhooks = "Query"."webhooks": Webhooks, Read;
    QueryAuditLog = "Query"."auditLog": AuditLog, Read;
    QueryAuditCheckpoint = "Query"."auditCheckpoint": AuditLog, Read;
    QueryAuditInclusionProof = "Query"."auditInclusionProof": AuditLog, Read;
    QueryAuditConsistencyProof = "Query"."auditConsistencyProof": AuditLog, Read;

    EnableIndicators = "Mutation"."enableIndicators": Indicators, Change;
    CreatePolicy = "Mutation"."createPolicy": Policies, Change;
    UpdatePolicy = "Mutation"."updatePolicy": Policies, Change;
    CopyPolicy = "Mutation"."copyPolicy": Policies, Change;
    DeletePolicy = "Mutation"."deletePolicy": Policies, Change;
    SetPolicyState = "Mutation"."setPolicyState": Policies, Change;
    UpdateSettings = "Mutation"."updateSettings": Settings, Change;
    GrantRole = "Mutation"."grantRole": RoleGrants, Change;
    RevokeRole = "Mutation"."revokeRole": RoleGrants, Change;
    SavePriorityUserGroup = "Mutation"."savePriorityUserGroup": Settings, Change;

    StartScoring = "Mutation"."startScoring": Scoring, Change;
    StopScoring = "Mutation"."stopScoring": Scoring, Change;
    ConfirmAlert = "Mutation"."confirmAlert": Alerts, Change;
    AssignAlert = "Mutation"."assignAlert": Alerts, Change;
    SendAlertForReview = "Mutation"."sendAlertForReview": Alerts, Change;
    EndAlertReview = "Mutation"."endAlertReview": Alerts, Change;
    SuppressIndicator = "Mutation"."suppressIndicator": Alerts, Change;
    EndSuppression = "Mutation"."endSuppression": Alerts, Change;
    TuneIndicator = "Mutation"."tuneIndicator": Alerts, Change;
    ResolveCase = "Mutation"."resolveCase": Cases, Change;
    ReopenCase = "Mutation"."reopenCase": Cases, Change;
    AddCaseNote = "Mutation"."addCaseNote": Cases, Change;
    AddCaseContributor = "Mutation"."addCaseContributor": Cases, Change;
    RemoveCaseContributor = "Mutation"."removeCaseContributor": Cases, Change;
    QueryNoticeTemplates = "Query"."noticeTemplates": Notices, Read;
    QueryNoticePreview = "Query"."noticePreview": Notices, Read;
    SaveNoticeTemplate = "Mutation"."saveNoticeTemplate": Notices, Change;
    SendNotice = "Mutation"."sendNotice": Notices, Change;
    RequestReveal = "Mutation"."requestReveal": RevealRequests, Change;
    BreakGlass = "Mutation"."breakGlass": RevealRequests, Change;
    DecideReveal = "Mutation"."decideReveal": RevealDecisions, Change;
    EndReveal = "Mutation"."endReveal": Reveals, Change;
    ShareCase = "Mutation"."shareCase": Shares, Change;
    AskConsultation = "Mutation"."askConsultation": Consultations, Change;
    AnswerConsultation = "Mutation"."answerConsultation": ConsultationAnswers, Change;
    RevokeCaseShare = "Mutation"."revokeCaseShare": ShareRevocations, Change;
    SetLegalHold = "Mutation"."setLegalHold": LegalHolds, Change;
    ExportCase = "Mutation"."exportCase": Exports, Change;
    CreateActivityReport = "Mutation"."createActivityReport": ActivityReports, Change;
    MergeSubjects = "Mutation"."mergeSubjects": Merges, Change;
    SplitSubject = "Mutation"."splitSubject": Merges, Change;
    DismissMergeSuggestion = "Mutation"."dismissMergeSuggestion": Merges, Change;
    EraseSubject = "Mutation"."eraseSubject": Erasure, Change;
    DismissAlerts = "Mutation"."dismissAlerts": Alerts, Change;
    ResetRiskLevel = "Mutation"."resetRiskLevel": Alerts, Change;
    SetNotification = "Mutation"."setNotification": Settings, Change;
    SaveWebhook = "Mutation"."saveWebhook": Webhooks, Change;
    RenewWebhookSecret = "Mutation"."renewWebhookSecret": Webhooks, Change;
    DeleteWebhook = "Mutation"."deleteWebhook": Webhooks, Change;
    TestWebhook = "Mutation"."testWebhook": Webhooks, Change;
    RetryWebhookDeliveries = "Mutation"."retryWebhookDeliveries": Webhooks, Change;
    CreateConnector = "Mutation"."createConnector": Connectors, Change;
    UpdateConnector = "Mutation"."updateConnector": Connectors, Change;
    UsePlugin = "Mutation"."usePlugin": Connectors, Change;
    CreateConnectorCredential = "Mutation"."createConnectorCredential": Connectors, Change;
    RevokeConnectorCredential = "Mutation"."revokeConnectorCredential": Connectors, Change;
    SetConnectorState = "Mutation"."setConnectorState": Connectors, Change;
    RunConnector = "Mutation"."runConnector": Connectors, Change;

    AlertRaised = "Subscription"."alertRaised": Alerts, Read;
    CaseUpdated = "Subscription"."caseUpdated": Cases, Read;
    ConnectorRunUpdated = "Subscription"."connectorRunUpdated": Connectors, Change;

    SubjectPriorityGroups = "Subject"."priorityGroups": PriorityGroups, Read;
    SubjectActivations = "Subject"."activations": Subjects, Read;
    SubjectAlerts = "Subject"."alerts": Alerts, Read;
    SubjectInsights = "Subject"."insights": Insights, Read;
    SubjectMergedSubjects = "Subject"."mergedSubjects": Merges, Read;
    SubjectScoreHistory = "Subject"."scoreHistory": Insights, Read;
    CaseRelatedAlerts = "Case"."relatedAlerts": Alerts, Read;
    CaseReveals = "Case"."reveals": Reveals, Read;
    CaseShares = "Case"."shares": Shares, Read;
    CaseExports = "Case"."exports": Exports, Read;
    ActivityContent = "Activity"."content": EvidenceContent, Read;

    PolicyIndicators = "Policy"."indicators": Policies, Read;
    PolicyTriggers = "Policy"."triggers": Policies, Read;
    PolicyActivationDays = "Policy"."activationDays": Policies, Read;
    PolicyLookbackDays = "Policy"."lookbackDays": Policies, Read;
    PolicyAlertVolume = "Policy"."alertVolume": Policies, Read;
    PolicySubjectsInScope = "Policy"."subjectsInScope": Policies, Read;
    PolicyActiveAlerts = "Policy"."activeAlerts": Policies, Read;
    PolicyEffectiveness = "Policy"."effectiveness": Policies, Read;
    PolicySubjectsOverVolume = "Policy"."subjectsOverVolume": Policies, Read;
    PolicyPriorityContent = "Policy"."priorityContent": Policies, Read;
    PolicyVersions = "Policy"."versions": Policies, Read;
    PolicyHealth = "Policy"."health": Policies, Read;

    PriorityUserGroupViewers = "PriorityUserGroup"."viewers": Settings, Change;

    ConnectorConfig = "Connector"."config": ConnectorConfig, Read;
    ConnectorCredentials = "Connector"."credentials": ConnectorConfig, Read;
    ConnectorSecrets = "Connector"."secrets": ConnectorConfig, Read;
    ConnectorGrants = "Connector"."grants": ConnectorGrants, Read;
    ConnectorRunRejects = "ConnectorRun"."rejects": Rejects, Read;
}
