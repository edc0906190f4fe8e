//! Makes a connector the exports of a plugin.
//! Never: logic; what it calls is the same code that runs natively in tests.

/// Tells the host what a panic says before the trap, which carries no message of its own.
#[doc(hidden)]
pub fn install_panic_hook() {
    #[cfg(target_arch = "wasm32")]
    {
        static ONCE: std::sync::Once = std::sync::Once::new();
        ONCE.call_once(|| {
            std::panic::set_hook(Box::new(|info| {
                let payload = info.payload();
                let message = payload
                    .downcast_ref::<&str>()
                    .copied()
                    .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
                    .unwrap_or("a panic without a message");
                let location = info.location().map(ToString::to_string).unwrap_or_default();
                crate::bindings::vizard::connector::host::panicked(message, &location);
            }));
        });
    }
}

/// Makes `$connector`, a type that implements [`Connector`](crate::Connector), the plugin. Once a crate.
#[macro_export]
macro_rules! export_connector {
    ($connector:ty) => {
        $crate::export_component!($connector, {});
    };
}

/// Makes `$connector`, a type that implements [`Pull`](crate::pull::Pull), the plugin. Once a crate.
#[cfg(feature = "pull")]
#[macro_export]
macro_rules! export_pull_connector {
    ($connector:ty) => {
        $crate::export_component!($connector, {
            #[cfg(target_arch = "wasm32")]
            impl guest::pull::Guest for Component {
                fn pull(
                    context: $crate::CallContext,
                    feed: ::std::string::String,
                    position: guest::pull::Position,
                    most: u32,
                ) -> ::core::result::Result<guest::pull::Page, $crate::Failure> {
                    $crate::install_panic_hook();
                    let page = $crate::pull::pull::<$connector>(&context, &feed, &position, most)?;
                    let $crate::pull::Page { records, cursor, more } = page;
                    ::core::result::Result::Ok(guest::pull::Page { records, cursor, more })
                }
            }
            const _: fn() = || {
                fn pulls<C: $crate::pull::Pull>() {}
                pulls::<$connector>();
            };
        });
    };
}

/// What both have in common.
#[doc(hidden)]
#[macro_export]
macro_rules! export_component {
    ($connector:ty, { $($more:item)* }) => {
        #[allow(unsafe_code, unreachable_pub, missing_docs, clippy::all, reason = "the component's entry points")]
        const _: () = {
            use $crate::bindings::exports::vizard::connector as guest;

            struct Component;

            impl guest::describe::Guest for Component {
                fn describe() -> guest::describe::DescriptorInfo {
                    $crate::install_panic_hook();
                    <$connector as $crate::Connector>::DESCRIPTOR.to_wire()
                }
            }

            impl guest::normalise::Guest for Component {
                fn check_config(context: $crate::CallContext) -> ::std::vec::Vec<$crate::Problem> {
                    $crate::install_panic_hook();
                    $crate::check_config::<$connector>(&context)
                }

                fn normalise(
                    context: $crate::CallContext,
                    batch: $crate::Batch,
                ) -> ::core::result::Result<$crate::Outcome, $crate::Failure> {
                    $crate::install_panic_hook();
                    $crate::normalise::<$connector>(&context, &batch)
                }
            }

            $($more)*

            #[cfg(target_arch = "wasm32")]
            $crate::bindings::export_guest!(Component with_types_in $crate::bindings);

            #[cfg(target_arch = "wasm32")]
            #[used]
            #[unsafe(link_section = "vizard:sdk-version")]
            static SDK_VERSION: [u8; $crate::INTERFACE_VERSION.len()] = {
                let (mut bytes, text) = ([0; $crate::INTERFACE_VERSION.len()], $crate::INTERFACE_VERSION.as_bytes());
                let mut at = 0;
                while at < text.len() {
                    bytes[at] = text[at];
                    at += 1;
                }
                bytes
            };
        };
    };
}
