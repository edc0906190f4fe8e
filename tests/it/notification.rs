//! Notifications: roles are told by mail of what they would have to look for.
//! Never: more than counts and names of policies, or the same twice.

use crate::{
    privacy::{leaks, names},
    triage::{alerted, leaver},
};
use serde_json::{Value, json};
use vizard_core::{access::Role, time::DAY};
use vizard_tests::{Caller, Postbox, on_both};

const SET: &str = "mutation($input: SetNotificationInput!) { setNotification(input: $input) { notifications { kind role addresses since } userErrors { code field } } }";

async fn set(who: &Caller, kind: &str, role: &str, addresses: Value) -> Value {
    let input = json!({"input": {"kind": kind, "role": role, "addresses": addresses}});
    who.ask(SET, input).await.data()["setNotification"].clone()
}

on_both! {
    async fn roles_are_told_once_of_first_alerts_new_high_ones_overdue_ones_and_warnings(world) {
        let mut post = Postbox::start().await;
        let admin = world.person("Ada Admin", &[Role::Admin]);
        assert_eq!(set(&admin, "FIRST_ALERT", "ANALYST", json!(["soc@example.org"])).await["userErrors"][0]["code"], "NOT_ENABLED");
        let server = world.second(&post.settings()).await;
        let admin = server.at_its_door(&admin);
        let refused = set(&admin, "FIRST_ALERT", "ADMIN", json!(["nobody"])).await;
        let fields: Vec<&Value> = refused["userErrors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
        assert_eq!(json!(fields), json!([["input", "role"], ["input", "addresses", "0"]]));
        for (kind, role) in [("FIRST_ALERT", "ANALYST"), ("NEW_HIGH_ALERTS", "INVESTIGATOR"), ("OVERDUE_ALERTS", "ANALYST"), ("UNRESOLVED_WARNINGS", "ADMIN")] {
            assert_eq!(set(&admin, kind, role, json!([format!("{}@example.org", kind.to_lowercase())])).await["userErrors"], json!([]));
        }
        let told = async |post: &mut Postbox| {
            server.services.notify_roles().await.unwrap();
            server.services.notify_roles().await.unwrap();
            world.comes_to("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL", 0).await;
            let mut all = Vec::new();
            while !post.is_empty() {
                let mail = post.next().await;
                assert!(leaks(&mail.text, &names()).is_empty() && !mail.text.contains(&leaver(0)) && !mail.text.contains("Anon-"), "{}", mail.text);
                all.push((mail.to.join(","), mail.text));
            }
            all.sort();
            all
        };
        assert_eq!(told(&mut post).await, [], "nothing happened yet");

        alerted(&world, 1).await;
        let first = told(&mut post).await;
        assert_eq!(first.len(), 1, "{first:?}");
        assert_eq!(first[0].0, "first_alert@example.org");
        assert!(first[0].1.contains("The policy Departing raised its first alert."), "{}", first[0].1);
        assert!(!first[0].1.contains("To: "), "whoever is told is not shown to the others: {}", first[0].1);

        // The sample's alert is a medium one.
        assert_eq!(world.number("SELECT count(*) FROM alerts WHERE severity = 'MEDIUM'").await, 1);
        world.execute("UPDATE alerts SET severity = 'HIGH', status = 'DISMISSED'").await;
        world.clock.advance(DAY);
        let high: Vec<_> = told(&mut post).await.into_iter().filter(|(to, _)| to.starts_with("new_high")).collect();
        assert_eq!(high.len(), 1, "{high:?}");
        assert!(high[0].1.contains("Vizard: new alerts of severity HIGH: 1") && high[0].1.contains("     1  Departing"), "{}", high[0].1);
        // The Monday after next: the alert is past its time, and HR has delivered nothing for more than a week.
        world.execute("UPDATE alerts SET status = 'NEEDS_REVIEW'").await;
        world.clock.advance(11 * DAY);
        let monday = told(&mut post).await;
        let to: Vec<&str> = monday.iter().map(|(to, _)| to.as_str()).collect();
        assert_eq!(to, ["overdue_alerts@example.org", "unresolved_warnings@example.org"], "{monday:?}");
        assert!(monday[0].1.contains("past their time: 1"), "{}", monday[0].1);
        assert!(monday[1].1.contains("  Departing"), "{}", monday[1].1);

        // It ends where there are no addresses.
        let ended = set(&admin, "OVERDUE_ALERTS", "ANALYST", json!([])).await;
        assert_eq!(ended["notifications"].as_array().unwrap().len(), 3, "{ended}");
        world.clock.advance(DAY);
        assert_eq!(told(&mut post).await, []);
        assert!(world.texts("SELECT leaf FROM audit WHERE object = 'notifications'").await.concat().contains("OVERDUE_ALERTS"));
        server.stop().await;
    }
}
