// Code generated from serve_app/openapi.json by internal/typegen; DO NOT EDIT.

package resumes

import "time"

// Certification: As the service's API describes it.
type Certification struct {
	Date   *TextFact `json:"date"`
	Issuer *TextFact `json:"issuer"`
	Name   TextFact  `json:"name"`
}

// CompactCertification: Certification, as values only.
type CompactCertification struct {
	Date   *string `json:"date"`
	Issuer *string `json:"issuer"`
	Name   string  `json:"name"`
}

// CompactDegree: Degree, as values only.
type CompactDegree struct {
	Level DegreeLevel `json:"level"`
	Raw   string      `json:"raw"`
}

// CompactEducation: Education, as values only.
type CompactEducation struct {
	Degree      *CompactDegree   `json:"degree"`
	End         *string          `json:"end"`
	Fields      []string         `json:"fields"`
	Grade       *string          `json:"grade"`
	Institution *string          `json:"institution"`
	Start       *string          `json:"start"`
	Status      *EducationStatus `json:"status"`
}

// CompactEntry: Entry, as values only.
type CompactEntry struct {
	Date *string `json:"date"`
	Text string  `json:"text"`
}

// CompactLanguage: Language, as values only.
type CompactLanguage struct {
	CEFR     *CEFR   `json:"cefr"`
	ISO639   *string `json:"iso639"`
	LevelRaw *string `json:"level_raw"`
	Name     string  `json:"name"`
}

// CompactLocation: Location, as values only.
type CompactLocation struct {
	City     *string `json:"city"`
	Country  *string `json:"country"`
	Postcode *string `json:"postcode"`
	Raw      *string `json:"raw"`
	Region   *string `json:"region"`
}

// CompactName: Name, as values only.
type CompactName struct {
	Family *string `json:"family"`
	Full   *string `json:"full"`
	Given  *string `json:"given"`
	Prefix *string `json:"prefix"`
	Suffix *string `json:"suffix"`
}

// CompactPerson: Person, as values only.
type CompactPerson struct {
	Emails   []string             `json:"emails"`
	Headline *string              `json:"headline"`
	Links    []CompactProfileLink `json:"links"`
	Location *CompactLocation     `json:"location"`
	Name     CompactName          `json:"name"`
	Phones   []string             `json:"phones"`
	Summary  *string              `json:"summary"`
}

// CompactProfile: Profile, as values only.
type CompactProfile struct {
	Awards         []CompactEntry         `json:"awards"`
	Certifications []CompactCertification `json:"certifications"`
	Document       *Document              `json:"document"`
	Education      []CompactEducation     `json:"education"`
	Experience     *Experience            `json:"experience"`
	Interests      []CompactEntry         `json:"interests"`
	Languages      []CompactLanguage      `json:"languages"`
	Meta           Meta                   `json:"meta"`
	Person         CompactPerson          `json:"person"`
	Projects       []CompactProject       `json:"projects"`
	Publications   []CompactEntry         `json:"publications"`
	References     []CompactEntry         `json:"references"`
	Sections       []SectionSummary       `json:"sections"`
	Skills         []CompactSkill         `json:"skills"`
	Volunteering   []CompactVolunteering  `json:"volunteering"`
	Work           []CompactWork          `json:"work"`
}

// CompactProfileLink: ProfileLink, as values only.
type CompactProfileLink struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

// CompactProject: Project, as values only.
type CompactProject struct {
	Description *string `json:"description"`
	End         *string `json:"end"`
	Name        string  `json:"name"`
	Start       *string `json:"start"`
	URL         *string `json:"url"`
}

// CompactResume: A resume; its profile as values only.
type CompactResume struct {
	AsOfDate string `json:"as_of_date"`
	// How often a worker began it.
	Attempts      int        `json:"attempts"`
	CompletedAt   *time.Time `json:"completed_at"`
	ContentSHA256 string     `json:"content_sha256"`
	CreatedAt     time.Time  `json:"created_at"`
	// The sender's, else the first one in the resume; lower case.
	Email      *string      `json:"email"`
	ErasedAt   *time.Time   `json:"erased_at"`
	Error      *ResumeError `json:"error"`
	ExternalID *string      `json:"external_id"`
	Filename   *string      `json:"filename"`
	ID         string       `json:"id"`
	// The bulk ingestion that it came with.
	IngestionID *string `json:"ingestion_id"`
	// Which member of the ingestion's source it is, from 0.
	IngestionMember *int        `json:"ingestion_member"`
	JobPostID       *string     `json:"job_post_id"`
	Links           ResumeLinks `json:"links"`
	MIME            string      `json:"mime"`
	// Null until it was completed once; while a resume is reprocessed, the profile that it had.
	Profile *CompactProfile `json:"profile"`
	// How many resumes are begun before this one, 10,000 at most; null unless its status is queued.
	QueuedAhead *int `json:"queued_ahead"`
	// When it was last queued again.
	ReprocessedAt *time.Time `json:"reprocessed_at"`
	// Bytes of the original.
	Size int `json:"size"`
	// The stage that runs or ran last.
	Stage     *Stage     `json:"stage"`
	StartedAt *time.Time `json:"started_at"`
	Status    Status     `json:"status"`
	Timings   Timings    `json:"timings"`
	UpdatedAt time.Time  `json:"updated_at"`
	// What made the profile: engines, models and rules by stage.
	Versions map[string]any    `json:"versions"`
	View     CompactResumeView `json:"view"`
	// What a resume in status processing waits for: Textract's job; its turn under a vendor's `quota`; a `vendor` that throttles or is down; the day's `budget` for paid calls, which is used up; another resume of the `same-content`, whose paid work it shares. Null when it waits for none of these.
	WaitingFor *WaitingFor `json:"waiting_for"`
}

// CompactResumeView: Values that are not known yet are kept as they come.
type CompactResumeView string

// What CompactResumeView can be; the service may come to know more.
const (
	CompactResumeViewCompact CompactResumeView = "compact"
)

// CompactSkill: Skill, as values only.
type CompactSkill struct {
	Canonical *string  `json:"canonical"`
	FoundIn   []string `json:"found_in"`
	LastUsed  *string  `json:"last_used"`
	Months    *int     `json:"months"`
	Raw       string   `json:"raw"`
}

// CompactVolunteering: Volunteering, as values only.
type CompactVolunteering struct {
	Description  *string `json:"description"`
	End          *string `json:"end"`
	Organization *string `json:"organization"`
	Role         *string `json:"role"`
	Start        *string `json:"start"`
}

// CompactWork: Work, as values only.
type CompactWork struct {
	Bullets     []string `json:"bullets"`
	Description *string  `json:"description"`
	Employer    *string  `json:"employer"`
	End         *string  `json:"end"`
	IsCurrent   *bool    `json:"is_current"`
	Location    *string  `json:"location"`
	Months      *int     `json:"months"`
	Seniority   *string  `json:"seniority"`
	Skills      []string `json:"skills"`
	Start       *string  `json:"start"`
	Title       *string  `json:"title"`
	Type        *string  `json:"type"`
}

// Degree: As the service's API describes it.
type Degree struct {
	Level DegreeLevel `json:"level"`
	Raw   TextFact    `json:"raw"`
}

// Document: As the service's API describes it.
type Document struct {
	AsOfDate          string     `json:"as_of_date"`
	Coverage          *float64   `json:"coverage"`
	Findings          []Finding  `json:"findings"`
	Language          *string    `json:"language"`
	MIME              string     `json:"mime"`
	Pages             int        `json:"pages"`
	ResumeProbability *float64   `json:"resume_probability"`
	SecurityFlags     []string   `json:"security_flags"`
	SHA256            string     `json:"sha256"`
	TextSource        TextSource `json:"text_source"`
	UnclaimedLines    []int      `json:"unclaimed_lines"`
}

// Education: As the service's API describes it.
type Education struct {
	Degree      *Degree          `json:"degree"`
	End         *TextFact        `json:"end"`
	Fields      []TextFact       `json:"fields"`
	Grade       *TextFact        `json:"grade"`
	Institution *TextFact        `json:"institution"`
	Start       *TextFact        `json:"start"`
	Status      *EducationStatus `json:"status"`
}

// Entry: A publication, an award, a reference, an interest: one text, and its date where one is printed.
type Entry struct {
	Date *TextFact `json:"date"`
	Text TextFact  `json:"text"`
}

// Evidence: Where a fact is printed: `bbox` is left, top, right, bottom, 0–1 from the top left of page `page`.
type Evidence struct {
	BBox    []float64 `json:"bbox"`
	LineIDs []int     `json:"line_ids"`
	Page    *int      `json:"page"`
	Text    *string   `json:"text"`
}

// Experience: Arithmetic over the dates of `work`, by the rules that `rule_version` names.
type Experience struct {
	AverageTenureMonths *float64    `json:"average_tenure_months"`
	Gaps                []Gap       `json:"gaps"`
	LatestTitle         *string     `json:"latest_title"`
	RuleVersion         string      `json:"rule_version"`
	TotalMonths         *MonthRange `json:"total_months"`
}

// FailureCount: Members, or their resumes, that failed or were skipped for one reason.
type FailureCount struct {
	Code    string `json:"code"`
	Members int    `json:"members"`
	// failed or skipped.
	Outcome Outcome `json:"outcome"`
}

// FieldError: One value that is not acceptable.
type FieldError struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Finding: Something a reader of the profile should know: an overlap, a reversed range, a dropped fact.
type Finding struct {
	Code     string   `json:"code"`
	Detail   *string  `json:"detail"`
	Page     *int     `json:"page"`
	Severity Severity `json:"severity"`
}

// FlagFact: As the service's API describes it.
type FlagFact struct {
	Confidence float64    `json:"confidence"`
	Evidence   []Evidence `json:"evidence"`
	Raw        string     `json:"raw"`
	Status     FactStatus `json:"status"`
	Value      bool       `json:"value"`
}

// FullResume: A resume; its profile as facts: value, text as printed, confidence, status, evidence.
type FullResume struct {
	AsOfDate string `json:"as_of_date"`
	// How often a worker began it.
	Attempts      int        `json:"attempts"`
	CompletedAt   *time.Time `json:"completed_at"`
	ContentSHA256 string     `json:"content_sha256"`
	CreatedAt     time.Time  `json:"created_at"`
	// The sender's, else the first one in the resume; lower case.
	Email      *string      `json:"email"`
	ErasedAt   *time.Time   `json:"erased_at"`
	Error      *ResumeError `json:"error"`
	ExternalID *string      `json:"external_id"`
	Filename   *string      `json:"filename"`
	ID         string       `json:"id"`
	// The bulk ingestion that it came with.
	IngestionID *string `json:"ingestion_id"`
	// Which member of the ingestion's source it is, from 0.
	IngestionMember *int        `json:"ingestion_member"`
	JobPostID       *string     `json:"job_post_id"`
	Links           ResumeLinks `json:"links"`
	MIME            string      `json:"mime"`
	// Null until it was completed once; while a resume is reprocessed, the profile that it had.
	Profile *Profile `json:"profile"`
	// How many resumes are begun before this one, 10,000 at most; null unless its status is queued.
	QueuedAhead *int `json:"queued_ahead"`
	// When it was last queued again.
	ReprocessedAt *time.Time `json:"reprocessed_at"`
	// Bytes of the original.
	Size int `json:"size"`
	// The stage that runs or ran last.
	Stage     *Stage     `json:"stage"`
	StartedAt *time.Time `json:"started_at"`
	Status    Status     `json:"status"`
	Timings   Timings    `json:"timings"`
	UpdatedAt time.Time  `json:"updated_at"`
	// What made the profile: engines, models and rules by stage.
	Versions map[string]any `json:"versions"`
	View     FullResumeView `json:"view"`
	// What a resume in status processing waits for: Textract's job; its turn under a vendor's `quota`; a `vendor` that throttles or is down; the day's `budget` for paid calls, which is used up; another resume of the `same-content`, whose paid work it shares. Null when it waits for none of these.
	WaitingFor *WaitingFor `json:"waiting_for"`
}

// FullResumeView: Values that are not known yet are kept as they come.
type FullResumeView string

// What FullResumeView can be; the service may come to know more.
const (
	FullResumeViewFull FullResumeView = "full"
)

// Gap: As the service's API describes it.
type Gap struct {
	End    string `json:"end"`
	Months int    `json:"months"`
	Start  string `json:"start"`
}

// Health: The process answers.
type Health struct {
	Status string `json:"status"`
}

// Ingestion: How far an ingestion is: one moment's counts, which add up.
type Ingestion struct {
	// When it ended.
	CompletedAt *time.Time      `json:"completed_at"`
	Counts      IngestionCounts `json:"counts"`
	CreatedAt   time.Time       `json:"created_at"`
	Error       *IngestionError `json:"error"`
	// The first ten; `links.errors` has all.
	Errors []MemberError `json:"errors"`
	// What the rest takes at that rate; null where that cannot be told.
	ETASeconds *float64 `json:"eta_seconds"`
	// The most frequent reason first.
	Failures  []FailureCount `json:"failures"`
	ID        string         `json:"id"`
	JobPostID *string        `json:"job_post_id"`
	// Null until the members are counted.
	Kind     *SourceKind    `json:"kind"`
	Links    IngestionLinks `json:"links"`
	ListedAt *time.Time     `json:"listed_at"`
	// Null until they are counted.
	Members *int         `json:"members"`
	Resumes ResumeCounts `json:"resumes"`
	// Resumes ended a second over the last minute; null where none was, and when it has ended.
	ResumesPerSecond *float64 `json:"resumes_per_second"`
	// The ingestion that this very source was found to have already: that one has everything, this one nothing.
	SameAs *string `json:"same_as"`
	// The address; of an uploaded archive `upload:` and its file name.
	Source string `json:"source"`
	// Resumes in status processing by stage; `begun` are those of which none has been written down yet: one that lasts less than five seconds is not.
	Stages map[string]int `json:"stages"`
	// `listing`: the members are counted; `running`: stored and processed; `completed`; `rejected`: see `error`; `cancelled`.
	State IngestionState `json:"state"`
	// When every member was a resume or had its reason.
	StoredAt *time.Time       `json:"stored_at"`
	Timings  IngestionTimings `json:"timings"`
	// Spent on paid calls for its resumes so far.
	USD float64 `json:"usd"`
}

// IngestionAccepted: An ingestion that will be worked on, whatever dies meanwhile; follow `links.self`.
type IngestionAccepted struct {
	ID    string         `json:"id"`
	Links IngestionLinks `json:"links"`
	State IngestionState `json:"state"`
}

// IngestionCounts: Every member in exactly one of these: together `members`, once they are counted.
type IngestionCounts struct {
	// Became resumes.
	Accepted int `json:"accepted"`
	// Have the bytes, job post and external id of an earlier member.
	Duplicate int `json:"duplicate"`
	// Could not be read.
	Failed     int `json:"failed"`
	NotStarted int `json:"not_started"`
	// Are no resumes: other types, links, archives in archives.
	Skipped int `json:"skipped"`
}

// IngestionError: Why an ingestion was rejected. `code` is stable.
type IngestionError struct {
	Code   IngestionErrorCode `json:"code"`
	Detail *string            `json:"detail"`
}

// IngestionLinks: Paths of this ingestion.
type IngestionLinks struct {
	Cancel  string `json:"cancel"`
	Errors  string `json:"errors"`
	Results string `json:"results"`
	Self    string `json:"self"`
}

// IngestionList: A page of ingestions, newest first.
type IngestionList struct {
	Items []IngestionSummary `json:"items"`
	// `cursor` of the next page; null on the last one.
	NextCursor *string `json:"next_cursor"`
}

// IngestionRequest: A source to ingest: an archive or manifest in a bucket, or a prefix of one with its slash.
type IngestionRequest struct {
	// Of every member for which a manifest names none.
	JobPostID *string `json:"job_post_id,omitempty"`
	// s3://bucket/prefix/ or s3://bucket/archive.zip, within what the service may read (INGEST_S3_PREFIXES).
	Source string `json:"source"`
}

// IngestionState: Where an ingestion is: its members are counted, then stored and processed. A `rejected` one's source was
// missing, damaged or hostile.
type IngestionState string

// What IngestionState can be; the service may come to know more.
const (
	IngestionStateListing   IngestionState = "listing"
	IngestionStateRunning   IngestionState = "running"
	IngestionStateCompleted IngestionState = "completed"
	IngestionStateRejected  IngestionState = "rejected"
	IngestionStateCancelled IngestionState = "cancelled"
)

// IngestionSummary: An ingestion without its counts.
type IngestionSummary struct {
	// When it ended.
	CompletedAt *time.Time      `json:"completed_at"`
	CreatedAt   time.Time       `json:"created_at"`
	Error       *IngestionError `json:"error"`
	ID          string          `json:"id"`
	JobPostID   *string         `json:"job_post_id"`
	// Null until the members are counted.
	Kind     *SourceKind    `json:"kind"`
	Links    IngestionLinks `json:"links"`
	ListedAt *time.Time     `json:"listed_at"`
	// Null until they are counted.
	Members *int `json:"members"`
	// The ingestion that this very source was found to have already: that one has everything, this one nothing.
	SameAs *string `json:"same_as"`
	// The address; of an uploaded archive `upload:` and its file name.
	Source string `json:"source"`
	// `listing`: the members are counted; `running`: stored and processed; `completed`; `rejected`: see `error`; `cancelled`.
	State IngestionState `json:"state"`
	// When every member was a resume or had its reason.
	StoredAt *time.Time       `json:"stored_at"`
	Timings  IngestionTimings `json:"timings"`
}

// IngestionTimings: Seconds, as far as they are known: counting the members, storing them, and both with the processing.
type IngestionTimings struct {
	ListingSeconds *float64 `json:"listing_seconds"`
	StoringSeconds *float64 `json:"storing_seconds"`
	TotalSeconds   *float64 `json:"total_seconds"`
}

// JsonResume: A resume in the JSON Resume schema 1.0.0. What is not known is left out, never null.
type JsonResume struct {
	Schema       *string                 `json:"$schema,omitempty"`
	Awards       []JsonResumeAward       `json:"awards,omitempty"`
	Basics       *JsonResumeBasics       `json:"basics,omitempty"`
	Certificates []JsonResumeCertificate `json:"certificates,omitempty"`
	Education    []JsonResumeEducation   `json:"education,omitempty"`
	Interests    []JsonResumeInterest    `json:"interests,omitempty"`
	Languages    []JsonResumeLanguage    `json:"languages,omitempty"`
	Meta         *JsonResumeMeta         `json:"meta,omitempty"`
	Projects     []JsonResumeProject     `json:"projects,omitempty"`
	Publications []JsonResumePublication `json:"publications,omitempty"`
	References   []JsonResumeReference   `json:"references,omitempty"`
	Skills       []JsonResumeSkill       `json:"skills,omitempty"`
	Volunteer    []JsonResumeVolunteer   `json:"volunteer,omitempty"`
	Work         []JsonResumeWork        `json:"work,omitempty"`
}

// JsonResumeAward: As the service's API describes it.
type JsonResumeAward struct {
	Date  *string `json:"date,omitempty"`
	Title string  `json:"title"`
}

// JsonResumeBasics: As the service's API describes it.
type JsonResumeBasics struct {
	Email    *string             `json:"email,omitempty"`
	Label    *string             `json:"label,omitempty"`
	Location *JsonResumeLocation `json:"location,omitempty"`
	Name     *string             `json:"name,omitempty"`
	Phone    *string             `json:"phone,omitempty"`
	Profiles []JsonResumeProfile `json:"profiles,omitempty"`
	Summary  *string             `json:"summary,omitempty"`
	URL      *string             `json:"url,omitempty"`
}

// JsonResumeCertificate: As the service's API describes it.
type JsonResumeCertificate struct {
	Date   *string `json:"date,omitempty"`
	Issuer *string `json:"issuer,omitempty"`
	Name   string  `json:"name"`
}

// JsonResumeEducation: As the service's API describes it.
type JsonResumeEducation struct {
	Area        *string `json:"area,omitempty"`
	EndDate     *string `json:"endDate,omitempty"`
	Institution *string `json:"institution,omitempty"`
	Score       *string `json:"score,omitempty"`
	StartDate   *string `json:"startDate,omitempty"`
	StudyType   *string `json:"studyType,omitempty"`
}

// JsonResumeInterest: As the service's API describes it.
type JsonResumeInterest struct {
	Name string `json:"name"`
}

// JsonResumeLanguage: As the service's API describes it.
type JsonResumeLanguage struct {
	Fluency  *string `json:"fluency,omitempty"`
	Language string  `json:"language"`
}

// JsonResumeLocation: As the service's API describes it.
type JsonResumeLocation struct {
	Address     *string `json:"address,omitempty"`
	City        *string `json:"city,omitempty"`
	CountryCode *string `json:"countryCode,omitempty"`
	PostalCode  *string `json:"postalCode,omitempty"`
	Region      *string `json:"region,omitempty"`
}

// JsonResumeMeta: As the service's API describes it.
type JsonResumeMeta struct {
	Canonical string `json:"canonical"`
	Version   string `json:"version"`
}

// JsonResumeProfile: As the service's API describes it.
type JsonResumeProfile struct {
	Network  *string `json:"network,omitempty"`
	URL      *string `json:"url,omitempty"`
	Username *string `json:"username,omitempty"`
}

// JsonResumeProject: As the service's API describes it.
type JsonResumeProject struct {
	Description *string `json:"description,omitempty"`
	EndDate     *string `json:"endDate,omitempty"`
	Name        string  `json:"name"`
	StartDate   *string `json:"startDate,omitempty"`
	URL         *string `json:"url,omitempty"`
}

// JsonResumePublication: As the service's API describes it.
type JsonResumePublication struct {
	Name        string  `json:"name"`
	ReleaseDate *string `json:"releaseDate,omitempty"`
}

// JsonResumeReference: As the service's API describes it.
type JsonResumeReference struct {
	Reference string `json:"reference"`
}

// JsonResumeResume: A resume; its profile in the JSON Resume schema 1.0.0.
type JsonResumeResume struct {
	AsOfDate string `json:"as_of_date"`
	// How often a worker began it.
	Attempts      int        `json:"attempts"`
	CompletedAt   *time.Time `json:"completed_at"`
	ContentSHA256 string     `json:"content_sha256"`
	CreatedAt     time.Time  `json:"created_at"`
	// The sender's, else the first one in the resume; lower case.
	Email      *string      `json:"email"`
	ErasedAt   *time.Time   `json:"erased_at"`
	Error      *ResumeError `json:"error"`
	ExternalID *string      `json:"external_id"`
	Filename   *string      `json:"filename"`
	ID         string       `json:"id"`
	// The bulk ingestion that it came with.
	IngestionID *string `json:"ingestion_id"`
	// Which member of the ingestion's source it is, from 0.
	IngestionMember *int        `json:"ingestion_member"`
	JobPostID       *string     `json:"job_post_id"`
	Links           ResumeLinks `json:"links"`
	MIME            string      `json:"mime"`
	// Null until it was completed once; while a resume is reprocessed, the profile that it had.
	Profile *JsonResume `json:"profile"`
	// How many resumes are begun before this one, 10,000 at most; null unless its status is queued.
	QueuedAhead *int `json:"queued_ahead"`
	// When it was last queued again.
	ReprocessedAt *time.Time `json:"reprocessed_at"`
	// Bytes of the original.
	Size int `json:"size"`
	// The stage that runs or ran last.
	Stage     *Stage     `json:"stage"`
	StartedAt *time.Time `json:"started_at"`
	Status    Status     `json:"status"`
	Timings   Timings    `json:"timings"`
	UpdatedAt time.Time  `json:"updated_at"`
	// What made the profile: engines, models and rules by stage.
	Versions map[string]any       `json:"versions"`
	View     JsonResumeResumeView `json:"view"`
	// What a resume in status processing waits for: Textract's job; its turn under a vendor's `quota`; a `vendor` that throttles or is down; the day's `budget` for paid calls, which is used up; another resume of the `same-content`, whose paid work it shares. Null when it waits for none of these.
	WaitingFor *WaitingFor `json:"waiting_for"`
}

// JsonResumeResumeView: Values that are not known yet are kept as they come.
type JsonResumeResumeView string

// What JsonResumeResumeView can be; the service may come to know more.
const (
	JsonResumeResumeViewJsonresume JsonResumeResumeView = "jsonresume"
)

// JsonResumeSkill: As the service's API describes it.
type JsonResumeSkill struct {
	Name string `json:"name"`
}

// JsonResumeVolunteer: As the service's API describes it.
type JsonResumeVolunteer struct {
	EndDate      *string `json:"endDate,omitempty"`
	Organization *string `json:"organization,omitempty"`
	Position     *string `json:"position,omitempty"`
	StartDate    *string `json:"startDate,omitempty"`
	Summary      *string `json:"summary,omitempty"`
}

// JsonResumeWork: As the service's API describes it.
type JsonResumeWork struct {
	EndDate    *string  `json:"endDate,omitempty"`
	Highlights []string `json:"highlights,omitempty"`
	Location   *string  `json:"location,omitempty"`
	Name       *string  `json:"name,omitempty"`
	Position   *string  `json:"position,omitempty"`
	StartDate  *string  `json:"startDate,omitempty"`
	Summary    *string  `json:"summary,omitempty"`
}

// Language: As the service's API describes it.
type Language struct {
	CEFR     *CEFR     `json:"cefr"`
	ISO639   *string   `json:"iso639"`
	LevelRaw *TextFact `json:"level_raw"`
	Name     TextFact  `json:"name"`
}

// Location: As the service's API describes it.
type Location struct {
	City     *TextFact `json:"city"`
	Country  *TextFact `json:"country"`
	Postcode *TextFact `json:"postcode"`
	Raw      *TextFact `json:"raw"`
	Region   *TextFact `json:"region"`
}

// MemberError: A member that is no completed resume, and never will be by itself.
type MemberError struct {
	Code   string  `json:"code"`
	Detail *string `json:"detail"`
	// Its place in the source, from 0.
	Member int `json:"member"`
	// As the source has it, to be shown only; null once it was erased.
	Name *string `json:"name"`
	// duplicate, skipped or failed.
	Outcome Outcome `json:"outcome"`
	// Of a duplicate the resume that has its bytes; of one that failed later its own.
	ResumeID *string `json:"resume_id"`
}

// MemberErrorList: A page of members that are no completed resumes, in the order of the source.
type MemberErrorList struct {
	Items []MemberError `json:"items"`
	// `cursor` of the next page; null on the last one.
	NextCursor *string `json:"next_cursor"`
}

// Meta: How the profile was made: `versions` by stage, `seconds` by stage, and what it cost.
//
// Pages, tokens and cost count what was paid for this resume; one whose bytes had been paid for already cost
// nothing.
type Meta struct {
	CostUSD      float64            `json:"cost_usd"`
	FactsDropped int                `json:"facts_dropped"`
	PagesBilled  int                `json:"pages_billed"`
	Seconds      map[string]float64 `json:"seconds"`
	Tokens       Tokens             `json:"tokens"`
	Versions     map[string]string  `json:"versions"`
}

// MonthRange: As the service's API describes it.
type MonthRange struct {
	Max int `json:"max"`
	Min int `json:"min"`
}

// Name: As the service's API describes it.
type Name struct {
	Family *TextFact `json:"family"`
	Full   *TextFact `json:"full"`
	Given  *TextFact `json:"given"`
	Prefix *TextFact `json:"prefix"`
	Suffix *TextFact `json:"suffix"`
}

// Outcome: What became of a member; every member ends as exactly one of these.
type Outcome string

// What Outcome can be; the service may come to know more.
const (
	OutcomeAccepted  Outcome = "accepted"
	OutcomeDuplicate Outcome = "duplicate"
	OutcomeSkipped   Outcome = "skipped"
	OutcomeFailed    Outcome = "failed"
)

// Person: As the service's API describes it.
type Person struct {
	Emails   []TextFact    `json:"emails"`
	Headline *TextFact     `json:"headline"`
	Links    []ProfileLink `json:"links"`
	Location *Location     `json:"location"`
	Name     Name          `json:"name"`
	Phones   []TextFact    `json:"phones"`
	Summary  *TextFact     `json:"summary"`
}

// ProblemDocument: An RFC 9457 problem. Switch on `type`; show `detail` to a person; quote `request_id` in a report.
type ProblemDocument struct {
	Detail    string       `json:"detail"`
	Errors    []FieldError `json:"errors,omitempty"`
	Instance  string       `json:"instance"`
	RequestID string       `json:"request_id"`
	Status    int          `json:"status"`
	Title     string       `json:"title"`
	Type      ProblemType  `json:"type"`
}

// Profile: As the service's API describes it.
type Profile struct {
	Awards         []Entry          `json:"awards"`
	Certifications []Certification  `json:"certifications"`
	Document       *Document        `json:"document"`
	Education      []Education      `json:"education"`
	Experience     *Experience      `json:"experience"`
	Interests      []Entry          `json:"interests"`
	Languages      []Language       `json:"languages"`
	Meta           Meta             `json:"meta"`
	Person         Person           `json:"person"`
	Projects       []Project        `json:"projects"`
	Publications   []Entry          `json:"publications"`
	References     []Entry          `json:"references"`
	Sections       []SectionSummary `json:"sections"`
	Skills         []Skill          `json:"skills"`
	Volunteering   []Volunteering   `json:"volunteering"`
	Work           []Work           `json:"work"`
}

// ProfileLink: As the service's API describes it.
type ProfileLink struct {
	Type string   `json:"type"`
	URL  TextFact `json:"url"`
}

// Project: As the service's API describes it.
type Project struct {
	Description *TextFact `json:"description"`
	End         *TextFact `json:"end"`
	Name        TextFact  `json:"name"`
	Start       *TextFact `json:"start"`
	URL         *TextFact `json:"url"`
}

// Readiness: Uploads and reads can be served.
type Readiness struct {
	Checks map[string]string `json:"checks"`
	Status string            `json:"status"`
}

// Receipt: Proof of an erasure: what was removed, and when. The same for every repetition of the call.
type Receipt struct {
	ErasedAt time.Time `json:"erased_at"`
	ID       string    `json:"id"`
	// The original is gone from the object store.
	ObjectDeleted bool    `json:"object_deleted"`
	Removed       Removed `json:"removed"`
	Status        string  `json:"status"`
}

// RedoFrom: The first stage that is done anew even where its result is stored; what comes after it follows.
type RedoFrom string

// What RedoFrom can be; the service may come to know more.
const (
	RedoFromRead      RedoFrom = "read"
	RedoFromNormalise RedoFrom = "normalise"
	RedoFromEmbed     RedoFrom = "embed"
)

// Removed: What the erasure found and removed.
type Removed struct {
	// Stage results that no other resume of the same bytes uses.
	Checkpoints int `json:"checkpoints"`
	// Passages with their vectors.
	Chunks             int  `json:"chunks"`
	IdempotencyAnswers int  `json:"idempotency_answers"`
	IngestionErrors    int  `json:"ingestion_errors"`
	Profile            bool `json:"profile"`
	Text               bool `json:"text"`
}

// ReprocessRequest: What to do again. Without `from`, what today's versions would do as before is taken from where it is stored.
type ReprocessRequest struct {
	// The first stage whose stored result is dropped and made anew, with all after it: `read` pays OCR again, `normalise` the model, `embed` computes the vectors.
	From *RedoFrom `json:"from,omitempty"`
}

// ResumeCounts: Accepted members by the status of their resume: together `accepted`.
type ResumeCounts struct {
	Cancelled  int `json:"cancelled"`
	Completed  int `json:"completed"`
	Erased     int `json:"erased"`
	Failed     int `json:"failed"`
	Processing int `json:"processing"`
	Queued     int `json:"queued"`
}

// ResumeError: Why a resume failed. `code` is stable: `poison` took its worker down three times, `internal` is our mistake;
// the others say what is wrong with the document, or with the vendor that reads it.
type ResumeError struct {
	Code   ResumeErrorCode `json:"code"`
	Detail *string         `json:"detail"`
}

// ResumeLinks: Paths of this resume.
type ResumeLinks struct {
	File string `json:"file"`
	Self string `json:"self"`
	Text string `json:"text"`
}

// ResumeList: A page of resumes, newest first; of changes the oldest first.
type ResumeList struct {
	Items []ResumeSummary `json:"items"`
	// `cursor` of the next page; null on the last one. With `updated_after` null only before the first change.
	NextCursor *string `json:"next_cursor"`
}

// ResumeSummary: A resume without its profile.
type ResumeSummary struct {
	AsOfDate string `json:"as_of_date"`
	// How often a worker began it.
	Attempts      int        `json:"attempts"`
	CompletedAt   *time.Time `json:"completed_at"`
	ContentSHA256 string     `json:"content_sha256"`
	CreatedAt     time.Time  `json:"created_at"`
	// The sender's, else the first one in the resume; lower case.
	Email      *string      `json:"email"`
	ErasedAt   *time.Time   `json:"erased_at"`
	Error      *ResumeError `json:"error"`
	ExternalID *string      `json:"external_id"`
	Filename   *string      `json:"filename"`
	ID         string       `json:"id"`
	// The bulk ingestion that it came with.
	IngestionID *string `json:"ingestion_id"`
	// Which member of the ingestion's source it is, from 0.
	IngestionMember *int        `json:"ingestion_member"`
	JobPostID       *string     `json:"job_post_id"`
	Links           ResumeLinks `json:"links"`
	MIME            string      `json:"mime"`
	// When it was last queued again.
	ReprocessedAt *time.Time `json:"reprocessed_at"`
	// Bytes of the original.
	Size int `json:"size"`
	// The stage that runs or ran last.
	Stage     *Stage     `json:"stage"`
	StartedAt *time.Time `json:"started_at"`
	Status    Status     `json:"status"`
	Timings   Timings    `json:"timings"`
	UpdatedAt time.Time  `json:"updated_at"`
	// What a resume in status processing waits for: Textract's job; its turn under a vendor's `quota`; a `vendor` that throttles or is down; the day's `budget` for paid calls, which is used up; another resume of the `same-content`, whose paid work it shares. Null when it waits for none of these.
	WaitingFor *WaitingFor `json:"waiting_for"`
}

// ResumeText: What was read: pages of lines, and the sections they make.
type ResumeText struct {
	// Lines of no section: page numbers, running headers, hidden lines.
	Furniture []int  `json:"furniture"`
	ID        string `json:"id"`
	// ISO 639-1.
	Language *string       `json:"language"`
	Pages    []TextPage    `json:"pages"`
	Sections []TextSection `json:"sections"`
}

// SearchAnswer: Hits, best first, one a resume, and one where files are equal. `model` made the vectors.
type SearchAnswer struct {
	Items []SearchHit `json:"items"`
	Model string      `json:"model"`
}

// SearchFilters: Which resumes to search.
type SearchFilters struct {
	// RFC 3339 with an offset, as 2026-03-01T00:00:00Z (in a query, write + as %2B).
	CreatedAfter *time.Time `json:"created_after,omitempty"`
	// RFC 3339 with an offset, as 2026-03-01T00:00:00Z (in a query, write + as %2B).
	CreatedBefore *time.Time `json:"created_before,omitempty"`
}

// SearchHit: A resume that matches, with the passage that matched best.
type SearchHit struct {
	ChunkNo int `json:"chunk_no"`
	// Other completed resumes of the very same bytes that the filters let through, newest first, 100 at most: equal files are one hit, the newest.
	Copies    []string `json:"copies"`
	Filename  *string  `json:"filename"`
	Headline  *string  `json:"headline"`
	ID        string   `json:"id"`
	JobPostID *string  `json:"job_post_id"`
	// Lines of the passage: see /resumes/{id}/text.
	LineIDs []int       `json:"line_ids"`
	Links   ResumeLinks `json:"links"`
	Name    *string     `json:"name"`
	// Reciprocal rank fusion of the rank by meaning and the rank by words. It orders the hits of one answer and means nothing else: it is no probability, and scores of two searches do not compare.
	Score float64 `json:"score"`
	// Section of the passage.
	Section string `json:"section"`
	// Cosine of query and passage, -1 to 1; null where only words matched.
	Similarity *float64 `json:"similarity"`
	Text       string   `json:"text"`
}

// SearchRequest: A search in the words of a person or of a job: meaning and words count.
type SearchRequest struct {
	Filters   *SearchFilters `json:"filters,omitempty"`
	JobPostID *string        `json:"job_post_id,omitempty"`
	Limit     int            `json:"limit,omitempty"`
	Query     string         `json:"query"`
}

// SectionSummary: As the service's API describes it.
type SectionSummary struct {
	Kind    string  `json:"kind"`
	LineIDs []int   `json:"line_ids"`
	Title   *string `json:"title"`
}

// Skill: As the service's API describes it.
type Skill struct {
	Canonical *string  `json:"canonical"`
	FoundIn   []string `json:"found_in"`
	LastUsed  *string  `json:"last_used"`
	Months    *int     `json:"months"`
	Raw       TextFact `json:"raw"`
}

// SourceKind: What an ingestion reads from.
type SourceKind string

// What SourceKind can be; the service may come to know more.
const (
	SourceKindFolder   SourceKind = "folder"
	SourceKindZip      SourceKind = "zip"
	SourceKindTar      SourceKind = "tar"
	SourceKindPrefix   SourceKind = "prefix"
	SourceKindManifest SourceKind = "manifest"
)

// Stage: The steps of the task graph, in order.
type Stage string

// What Stage can be; the service may come to know more.
const (
	StageRead      Stage = "read"
	StageGroup     Stage = "group"
	StageNormalise Stage = "normalise"
	StageVerify    Stage = "verify"
	StageEmbed     Stage = "embed"
	StageSave      Stage = "save"
)

// Status: What callers see of a resume.
type Status string

// What Status can be; the service may come to know more.
const (
	StatusQueued     Status = "queued"
	StatusProcessing Status = "processing"
	StatusCompleted  Status = "completed"
	StatusFailed     Status = "failed"
	StatusCancelled  Status = "cancelled"
	StatusErased     Status = "erased"
)

// TextFact: As the service's API describes it.
type TextFact struct {
	Confidence float64    `json:"confidence"`
	Evidence   []Evidence `json:"evidence"`
	Raw        string     `json:"raw"`
	Status     FactStatus `json:"status"`
	Value      string     `json:"value"`
}

// TextLine: A line of a page; facts cite its `id`. `bbox`: left, top, right, bottom, 0–1 from the top left.
type TextLine struct {
	BBox []float64 `json:"bbox"`
	Bold *bool     `json:"bold"`
	// A reader of the page would not see it; no fact is taken from it.
	Hidden bool `json:"hidden"`
	ID     int  `json:"id"`
	// Points.
	Size *float64 `json:"size"`
	Text string   `json:"text"`
}

// TextPage: A page; `width` and `height` in points.
type TextPage struct {
	Height float64    `json:"height"`
	Lines  []TextLine `json:"lines"`
	Number int        `json:"number"`
	// native: the document's own text. ocr: recognised.
	Source string  `json:"source"`
	Width  float64 `json:"width"`
}

// TextSection: A run of lines under one heading, in reading order.
type TextSection struct {
	HeadingIDs []int   `json:"heading_ids"`
	Kind       string  `json:"kind"`
	LineIDs    []int   `json:"line_ids"`
	Title      *string `json:"title"`
}

// Timings: Seconds, as far as they are known: waiting for the first worker, being processed, and both; of the last
// reprocessing where there was one.
type Timings struct {
	ProcessingSeconds *float64 `json:"processing_seconds"`
	QueuedSeconds     *float64 `json:"queued_seconds"`
	TotalSeconds      *float64 `json:"total_seconds"`
}

// Tokens: What the model counted, over all calls that this resume paid for; `prompt` includes `cached`.
type Tokens struct {
	Cached   int `json:"cached"`
	Output   int `json:"output"`
	Prompt   int `json:"prompt"`
	Thoughts int `json:"thoughts"`
}

// UploadAccepted: A resume that is stored safely and will be processed; follow `links.self`, with `?wait=30` to wait.
type UploadAccepted struct {
	ID     string      `json:"id"`
	Links  ResumeLinks `json:"links"`
	Status Status      `json:"status"`
}

// Volunteering: As the service's API describes it.
type Volunteering struct {
	Description  *TextFact `json:"description"`
	End          *TextFact `json:"end"`
	Organization *TextFact `json:"organization"`
	Role         *TextFact `json:"role"`
	Start        *TextFact `json:"start"`
}

// Work: As the service's API describes it.
type Work struct {
	Bullets     []TextFact `json:"bullets"`
	Description *TextFact  `json:"description"`
	Employer    *TextFact  `json:"employer"`
	End         *TextFact  `json:"end"`
	IsCurrent   *FlagFact  `json:"is_current"`
	Location    *TextFact  `json:"location"`
	Months      *int       `json:"months"`
	Seniority   *TextFact  `json:"seniority"`
	Skills      []string   `json:"skills"`
	Start       *TextFact  `json:"start"`
	Title       *TextFact  `json:"title"`
	Type        *TextFact  `json:"type"`
}

// DegreeLevel: Values that are not known yet are kept as they come.
type DegreeLevel string

// What DegreeLevel can be; the service may come to know more.
const (
	DegreeLevelNone          DegreeLevel = "none"
	DegreeLevelSecondary     DegreeLevel = "secondary"
	DegreeLevelVocational    DegreeLevel = "vocational"
	DegreeLevelCertificate   DegreeLevel = "certificate"
	DegreeLevelAssociate     DegreeLevel = "associate"
	DegreeLevelBachelor      DegreeLevel = "bachelor"
	DegreeLevelMaster        DegreeLevel = "master"
	DegreeLevelDoctorate     DegreeLevel = "doctorate"
	DegreeLevelPostdoctorate DegreeLevel = "postdoctorate"
	DegreeLevelOther         DegreeLevel = "other"
)

// EducationStatus: Values that are not known yet are kept as they come.
type EducationStatus string

// What EducationStatus can be; the service may come to know more.
const (
	EducationStatusCompleted    EducationStatus = "completed"
	EducationStatusOngoing      EducationStatus = "ongoing"
	EducationStatusDiscontinued EducationStatus = "discontinued"
)

// CEFR: Values that are not known yet are kept as they come.
type CEFR string

// What CEFR can be; the service may come to know more.
const (
	CEFRA1     CEFR = "A1"
	CEFRA2     CEFR = "A2"
	CEFRB1     CEFR = "B1"
	CEFRB2     CEFR = "B2"
	CEFRC1     CEFR = "C1"
	CEFRC2     CEFR = "C2"
	CEFRNative CEFR = "native"
)

// WaitingFor: Values that are not known yet are kept as they come.
type WaitingFor string

// What WaitingFor can be; the service may come to know more.
const (
	WaitingForTextract    WaitingFor = "textract"
	WaitingForQuota       WaitingFor = "quota"
	WaitingForVendor      WaitingFor = "vendor"
	WaitingForBudget      WaitingFor = "budget"
	WaitingForSameContent WaitingFor = "same-content"
)

// TextSource: Values that are not known yet are kept as they come.
type TextSource string

// What TextSource can be; the service may come to know more.
const (
	TextSourceNative TextSource = "native"
	TextSourceOcr    TextSource = "ocr"
	TextSourceMixed  TextSource = "mixed"
)

// Severity: Values that are not known yet are kept as they come.
type Severity string

// What Severity can be; the service may come to know more.
const (
	SeverityInfo    Severity = "info"
	SeverityWarning Severity = "warning"
	SeverityError   Severity = "error"
)

// FactStatus: Values that are not known yet are kept as they come.
type FactStatus string

// What FactStatus can be; the service may come to know more.
const (
	FactStatusSupported  FactStatus = "supported"
	FactStatusInferred   FactStatus = "inferred"
	FactStatusUnverified FactStatus = "unverified"
)

// IngestionErrorCode: Values that are not known yet are kept as they come.
type IngestionErrorCode string

// What IngestionErrorCode can be; the service may come to know more.
const (
	IngestionErrorCodeArchiveRejected IngestionErrorCode = "archive-rejected"
	IngestionErrorCodeSourceMissing   IngestionErrorCode = "source-missing"
)

// ProblemType: Values that are not known yet are kept as they come.
type ProblemType string

// What ProblemType can be; the service may come to know more.
const (
	ProblemTypeBadRequest        ProblemType = "/problems/bad-request"
	ProblemTypeUnauthorized      ProblemType = "/problems/unauthorized"
	ProblemTypeInsufficientScope ProblemType = "/problems/insufficient-scope"
	ProblemTypeNotFound          ProblemType = "/problems/not-found"
	ProblemTypeMethodNotAllowed  ProblemType = "/problems/method-not-allowed"
	ProblemTypeTimeout           ProblemType = "/problems/timeout"
	ProblemTypeInProgress        ProblemType = "/problems/in-progress"
	ProblemTypeEnded             ProblemType = "/problems/ended"
	ProblemTypeErased            ProblemType = "/problems/erased"
	ProblemTypeTooLarge          ProblemType = "/problems/too-large"
	ProblemTypeUnsupportedType   ProblemType = "/problems/unsupported-type"
	ProblemTypeInvalid           ProblemType = "/problems/invalid"
	ProblemTypeRateLimited       ProblemType = "/problems/rate-limited"
	ProblemTypeInternal          ProblemType = "/problems/internal"
	ProblemTypeOverloaded        ProblemType = "/problems/overloaded"
)

// ResumeErrorCode: Values that are not known yet are kept as they come.
type ResumeErrorCode string

// What ResumeErrorCode can be; the service may come to know more.
const (
	ResumeErrorCodeCorrupt           ResumeErrorCode = "corrupt"
	ResumeErrorCodeEncrypted         ResumeErrorCode = "encrypted"
	ResumeErrorCodeInternal          ResumeErrorCode = "internal"
	ResumeErrorCodeNoText            ResumeErrorCode = "no-text"
	ResumeErrorCodeOcrFailed         ResumeErrorCode = "ocr-failed"
	ResumeErrorCodePoison            ResumeErrorCode = "poison"
	ResumeErrorCodeProfileBlocked    ResumeErrorCode = "profile-blocked"
	ResumeErrorCodeProfileBroken     ResumeErrorCode = "profile-broken"
	ResumeErrorCodeResourceLimit     ResumeErrorCode = "resource-limit"
	ResumeErrorCodeUnsupportedScript ResumeErrorCode = "unsupported-script"
	ResumeErrorCodeUnsupportedType   ResumeErrorCode = "unsupported-type"
	ResumeErrorCodeVendorTimeout     ResumeErrorCode = "vendor-timeout"
)
