//! The one table of rules: printed id, what would cure a violation, who may cure it, and the source it rests on.

/// Guidance on video review in health care.
const REVIEW: &str = "Guidance on video review in health care";
/// The General Medical Council's guidance.
const GMC: &str = "GMC: Making and using visual and audio recordings of patients";
/// The practice of centres that run video review.
const TRIPLE: &str = "Practice of video review centres: triple provider consent";
/// The information-governance protocol.
const GOVERNANCE: &str = "Information-governance protocol for recordings";
/// Drawn from the sources above: an unclear record never permits.
const DERIVED: &str = "Derived from the sources: an unclear or contradictory record never permits";

/// What a site adds.
const SITE: &str = "The rules that this site added to its policy";

/// Who puts a sheet right.
pub(super) const KEEPER: &str = "the review coordinator, who keeps the consent sheet";
/// What to do about a consent that is on file for another recording.
pub(super) const OTHER_RECORDING: &str =
    "Correct the recording that the row names; if the consent really is for another one, ask the person.";

/// Approver roles.
const NOBODY: &[&str] = &[];
const DPO: &[&str] = &["dpo"];
const CALDICOTT_OR_DPO: &[&str] = &["caldicott", "dpo"];
const CALDICOTT_AND_CLINICIAN: &[&str] = &["caldicott", "clinician"];

/// A rule that can be violated. Two entries share the id `R34-STAFF-POWER`, because only one of them is curable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is described by its row in the table below")]
pub enum Rule {
    Input,
    Policy,
    Census,
    Stage,
    StageOrder,
    Refused,
    Withdrawn,
    PurposeUnknown,
    Scope,
    Expired,
    NotYet,
    Authority,
    AgeUnknown,
    Reconsent,
    Dissent,
    Conflict,
    Restricted,
    Rights,
    Retention,
    Intimate,
    Recipient,
    SharingAgreement,
    Encrypt,
    ProcessingLog,
    Asset,
    Label,
    Storage,
    Device,
    Voice,
    Audience,
    Minimise,
    Role,
    State,
    Identity,
    Clock,
    DerivativeExpired,
    Review,
    Identifiable,
    Metadata,
    Integrity,
    StaffMeeting,
    Pressure,
    Evidence,
    Site,
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
struct Row {
    id: &'static str,
    cure: &'static str,
    cured_by: &'static [&'static str],
    source: &'static str,
}

const fn row(
    id: &'static str,
    cure: &'static str,
    cured_by: &'static [&'static str],
    source: &'static str,
) -> Row {
    Row { id, cure, cured_by, source }
}

impl Rule {
    #[rustfmt::skip]
    const fn row(self) -> Row {
        match self {
            Self::Input => row("R00-INPUT", "Correct the named field.", NOBODY, DERIVED),
            Self::Policy => row("R00-POLICY", "Load a policy bundle whose signature verifies.", NOBODY, DERIVED),
            Self::Census => row("R01-CENSUS", "List everyone who is on the recording and assign every track to a person.", NOBODY, GMC),
            Self::Stage => row("R02-STAGE", "Ask the person for the missing consent and record the answer.", NOBODY, TRIPLE),
            Self::StageOrder => row("R02-STAGE-ORDER", "Record the consent at the stage at which it was really given.", NOBODY, TRIPLE),
            Self::Refused => row("R03-REFUSED", "None. Respect the refusal; offer individual review instead.", NOBODY, REVIEW),
            Self::Withdrawn => row("R04-WITHDRAWN", "None, unless the person gives new consent of their own accord.", NOBODY, GOVERNANCE),
            Self::PurposeUnknown => row("R05-PURPOSE-UNKNOWN", "Ask for a purpose that the policy lists.", NOBODY, GMC),
            Self::Scope => row("R05-SCOPE", "Ask for further consent that names this purpose.", NOBODY, GMC),
            Self::Expired => row("R06-EXPIRED", "Ask the person for new consent.", NOBODY, DERIVED),
            Self::NotYet => row("R07-NOT-YET", "Wait until the consent begins, or ask for consent that holds now.", NOBODY, DERIVED),
            Self::Authority => row("R08-AUTHORITY", "Obtain consent from the person, or from someone with documented legal authority.", NOBODY, GMC),
            Self::AgeUnknown => row("R09-AGE-UNKNOWN", "Record the person's date of birth.", NOBODY, GOVERNANCE),
            Self::Reconsent => row("R09-RECONSENT", "Ask the person, who is now 16 or older, for their own consent.", NOBODY, GOVERNANCE),
            Self::Dissent => row("R09-DISSENT", "None. Respect what the person wants.", NOBODY, GOVERNANCE),
            Self::Conflict => row("R10-CONFLICT", "Find out what the person decided and record it under a higher sequence number.", NOBODY, DERIVED),
            Self::Restricted => row("R11-RESTRICTED", "Wait until the restriction is lifted.", NOBODY, GOVERNANCE),
            Self::Rights => row("R12-RIGHTS", "Answer the open request and close it.", NOBODY, GOVERNANCE),
            Self::Retention => row("R13-RETENTION", "Set a retention period; a recording whose period has passed must be destroyed.", NOBODY, GOVERNANCE),
            Self::Intimate => row("R14-INTIMATE", "Obtain approval from the Caldicott guardian and from a clinician, two different people.", CALDICOTT_AND_CLINICIAN, GOVERNANCE),
            Self::Recipient => row("R15-RECIPIENT", "Name the recipient.", NOBODY, GOVERNANCE),
            Self::SharingAgreement => row("R15-ISA", "Obtain a sharing agreement for this purpose, or approval from the Caldicott guardian or the data protection officer.", CALDICOTT_OR_DPO, GOVERNANCE),
            Self::Encrypt => row("R16-ENCRYPT", "Encrypt the transfer, or obtain approval from the data protection officer.", DPO, GOVERNANCE),
            Self::ProcessingLog => row("R17-PAL", "Enter the recording in the log of processing activities.", NOBODY, GOVERNANCE),
            Self::Asset => row("R18-ASSET", "Record the device's asset number and its nominated owner.", NOBODY, GOVERNANCE),
            Self::Label => row("R19-LABEL", "Label the recording and link it to its record.", NOBODY, GOVERNANCE),
            Self::Storage => row("R20-STORAGE", "Store the result in the approved store.", NOBODY, GOVERNANCE),
            Self::Device => row("R21-DEVICE", "Obtain exceptional approval from the data protection officer.", DPO, GOVERNANCE),
            Self::Voice => row("R22-VOICE", "Disguise or remove the voices, or ask for consent to the original voice.", NOBODY, REVIEW),
            Self::Audience => row("R23-AUDIENCE", "Offer individual review, or another audience within the consent.", NOBODY, REVIEW),
            Self::Minimise => row("R24-MINIMISE", "Use sound, a transcript or a still picture instead.", NOBODY, GOVERNANCE),
            Self::Role => row("R25-ROLE", "Ask someone who holds the role to do it.", NOBODY, REVIEW),
            Self::State => row("R26-STATE", "Bring the recording, or the derivative, into the state that this use needs.", NOBODY, DERIVED),
            Self::Identity => row("R27-ID", "Give every person and every consent row an identifier of its own, in plain characters.", NOBODY, DERIVED),
            Self::Clock => row("R28-CLOCK", "Correct the clock or the recorded time.", NOBODY, DERIVED),
            Self::DerivativeExpired => row("R29-DERIVATIVE-EXPIRED", "Produce a new derivative under a new decision.", NOBODY, GOVERNANCE),
            Self::Review => row("R30-REVIEW", "Have the derivative reviewed and approved by someone other than the person who discloses it.", NOBODY, DERIVED),
            Self::Identifiable => row("R31-IDENTIFIABLE", "Hide every face, or ask for consent to be identifiable.", NOBODY, GMC),
            Self::Metadata => row("R31-METADATA", "Strip the metadata.", NOBODY, GMC),
            Self::Integrity => row("R32-INTEGRITY", "Use the file that is on record, rendered under the approved decision, with the sheet that was made for it.", NOBODY, DERIVED),
            Self::StaffMeeting => row("R34-STAFF-POWER", "Obtain approval from the data protection officer.", DPO, GOVERNANCE),
            Self::Pressure => row("R34-STAFF-POWER", "None, unless the person decides again, free from pressure.", NOBODY, GOVERNANCE),
            Self::Evidence => row("R35-EVIDENCE", "File the signed form and record its reference.", NOBODY, GOVERNANCE),
            Self::Site => row("X-SITE", "Ask for a use that the rules of this site allow.", NOBODY, SITE),
        }
    }

    /// The printed id, for example `R05-SCOPE`.
    pub const fn id(self) -> &'static str {
        self.row().id
    }

    /// What would cure a violation, as a plain sentence.
    pub const fn cure(self) -> &'static str {
        self.row().cure
    }

    /// The roles whose approval cures a violation; empty where no approval can.
    pub const fn cured_by(self) -> &'static [&'static str] {
        self.row().cured_by
    }

    /// The guidance that the rule rests on.
    pub const fn source(self) -> &'static str {
        self.row().source
    }

    /// Whether a named approver may cure a violation.
    pub const fn is_curable(self) -> bool {
        !self.row().cured_by.is_empty()
    }

    /// Every entry of the table.
    #[rustfmt::skip]
    pub const ALL: [Self; 44] = [
        Self::Input, Self::Policy, Self::Census, Self::Stage, Self::StageOrder, Self::Refused, Self::Withdrawn,
        Self::PurposeUnknown, Self::Scope, Self::Expired, Self::NotYet, Self::Authority, Self::AgeUnknown,
        Self::Reconsent, Self::Dissent, Self::Conflict, Self::Restricted, Self::Rights, Self::Retention,
        Self::Intimate, Self::Recipient, Self::SharingAgreement, Self::Encrypt, Self::ProcessingLog, Self::Asset,
        Self::Label, Self::Storage, Self::Device, Self::Voice, Self::Audience, Self::Minimise, Self::Role,
        Self::State, Self::Identity, Self::Clock, Self::DerivativeExpired, Self::Review, Self::Identifiable,
        Self::Metadata, Self::Integrity, Self::StaffMeeting, Self::Pressure, Self::Evidence, Self::Site,
    ];
}

impl Rule {
    /// Whom to turn to about a violation, in plain words.
    pub const fn ask(self) -> &'static str {
        match self {
            Self::Input | Self::Policy | Self::Site => {
                "whoever keeps the consent sheet and the policy of this site"
            }
            Self::Census
            | Self::AgeUnknown
            | Self::Conflict
            | Self::Identity
            | Self::Clock
            | Self::Label
            | Self::Evidence => KEEPER,
            Self::Refused | Self::Withdrawn | Self::Dissent => "nobody: a no is not asked again",
            Self::Pressure => "somebody outside the person's line of command",
            Self::Stage
            | Self::StageOrder
            | Self::Scope
            | Self::Expired
            | Self::NotYet
            | Self::Authority
            | Self::Reconsent => "the person, or who may decide for them, through the consent lead",
            Self::Voice | Self::Audience | Self::Identifiable => {
                "whoever made the request; only then the person, through the consent lead"
            }
            Self::Restricted | Self::Rights | Self::Retention | Self::ProcessingLog | Self::Asset => {
                "information governance"
            }
            Self::Intimate => "the Caldicott guardian and a clinician, two different people",
            Self::SharingAgreement => "the Caldicott guardian or the data protection officer",
            Self::Encrypt | Self::Device | Self::StaffMeeting => "the data protection officer",
            Self::PurposeUnknown
            | Self::Storage
            | Self::Minimise
            | Self::Role
            | Self::Metadata
            | Self::Recipient => "whoever made the request",
            Self::State | Self::Integrity | Self::DerivativeExpired => "whoever keeps the recordings",
            Self::Review => "a reviewer other than the person who discloses",
        }
    }

    /// What to offer in place of the use, where somebody's no stands in its way.
    pub const fn alternatives(self) -> &'static [&'static str] {
        match self {
            Self::Refused | Self::Withdrawn | Self::Dissent => {
                &["individual review instead of a plenary session", "a transcript", "leave the segment out"]
            }
            Self::Audience => &["an audience that the person agreed to", "individual review"],
            Self::Minimise => &["a transcript"],
            _ => &[],
        }
    }
}
