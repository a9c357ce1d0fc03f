//! What sort of service, what sort of policy.

use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $key:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// All of them, in the order they are declared.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word a declaration uses.
            pub fn key(self) -> &'static str {
                match self { $($name::$variant => $key,)+ }
            }

            /// The kind a declaration's word names.
            pub fn from_key(key: &str) -> Option<Self> {
                match key { $($key => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.key())
            }
        }
    };
}

kinds! {
    /// What sort of service this is.
    ServiceKind {
        Messenger = "messenger",
        Social = "social",
        Mail = "mail",
        Cloud = "cloud",
        Ai = "ai",
        Vpn = "vpn",
        Browser = "browser",
        /// A mobile or internet access provider.
        Operator = "operator",
        /// A data broker.
        Broker = "broker",
        Advertising = "advertising",
        Collaboration = "collaboration",
        Dating = "dating",
        Developer = "developer",
        Device = "device",
        Education = "education",
        Forum = "forum",
        Games = "games",
        Government = "government",
        Health = "health",
        Maps = "maps",
        Mobility = "mobility",
        Music = "music",
        News = "news",
        Os = "os",
        Passwords = "passwords",
        Payment = "payment",
        Search = "search",
        Shop = "shop",
        Video = "video",
        Other = "other",
    }
}

kinds! {
    /// What sort of document a policy is.
    PolicyKind {
        PrivacyPolicy = "privacy_policy",
        Terms = "terms",
        Help = "help",
        Security = "security",
        WhitePaper = "white_paper",
        Faq = "faq",
        Transparency = "transparency",
        LawEnforcement = "law_enforcement",
        Announcement = "announcement",
        Backups = "backups",
        Cookies = "cookies",
        Guidelines = "guidelines",
        DataProcessing = "data_processing",
        DeveloperTerms = "developer_terms",
        Commercial = "commercial",
        Copyright = "copyright",
        Accessibility = "accessibility",
        Imprint = "imprint",
        Other = "other",
    }
}

impl PolicyKind {
    /// The kind a policy's name speaks of, where its declaration names none. Covers the names of
    /// Open Terms Archive's terms types as well as free ones.
    pub fn of_name(name: &str) -> Self {
        let name = name.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        // The narrower words first: "law enforcement privacy guidelines" is about law enforcement.
        match () {
            _ if has(&["law enforcement", "government request"]) => PolicyKind::LawEnforcement,
            _ if has(&["transparency"]) => PolicyKind::Transparency,
            _ if has(&["white paper", "whitepaper"]) => PolicyKind::WhitePaper,
            _ if has(&["backup"]) => PolicyKind::Backups,
            _ if has(&[
                "processor agreement",
                "processing agreement",
                "controller agreement",
                "subprocessor",
            ]) =>
            {
                PolicyKind::DataProcessing
            }
            _ if has(&["tracker", "cookie"]) => PolicyKind::Cookies,
            _ if has(&["developer", "api terms"]) => PolicyKind::DeveloperTerms,
            _ if has(&["copyright", "dmca", "intellectual property"]) => PolicyKind::Copyright,
            _ if has(&["accessibility"]) => PolicyKind::Accessibility,
            _ if has(&["imprint", "legal notice"]) => PolicyKind::Imprint,
            _ if has(&["vulnerability", "security", "encryption"]) => PolicyKind::Security,
            _ if has(&["privacy", "data protection"]) => PolicyKind::PrivacyPolicy,
            _ if has(&["faq", "questions"]) => PolicyKind::Faq,
            _ if has(&["help", "support"]) => PolicyKind::Help,
            _ if has(&["announcement", "newsroom", "press", "blog"]) => PolicyKind::Announcement,
            _ if has(&["guideline", "acceptable use", "community", "human rights", "editorial policy"]) => {
                PolicyKind::Guidelines
            }
            _ if has(&["commercial", "seller", "business", "service level", "billing", "advertis"]) => {
                PolicyKind::Commercial
            }
            _ if has(&["terms", "conditions", "agreement", "tos"]) => PolicyKind::Terms,
            _ => PolicyKind::Other,
        }
    }
}
