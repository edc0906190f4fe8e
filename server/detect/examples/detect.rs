fn main() {
    let seeds: Vec<u64> = std::env::args()
        .nth(1)
        .unwrap_or("1-2".into())
        .split_once('-')
        .map(|(a, b)| (a.parse().unwrap()..=b.parse().unwrap()).collect())
        .unwrap();
    let only: Vec<String> =
        std::env::args().nth(2).map(|codes| codes.split(',').map(str::to_owned).collect()).unwrap_or_default();
    let rivals = std::env::var("RIVALS").is_ok();
    let options = vizard_detect::bench::Options { seeds, size: Default::default(), rivals, only };
    println!("{}", vizard_detect::bench::run(&options, &|seed| eprintln!("{seed}")).unwrap());
}
