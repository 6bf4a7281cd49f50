# Generated from the OpenAPI document by `npm run generate:python`.
"""What the API takes and answers: dictionaries, just as they are sent."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

__all__ = [
    "Account",
    "AgentApiKey",
    "AgentCaller",
    "AgentCommand",
    "AgentCommandAnswer",
    "AgentOrganization",
    "AgentProject",
    "AgentRun",
    "AgentRunArtifact",
    "AgentRunArtifactLink",
    "AgentRunArtifactPath",
    "AgentRunArtifactPresign",
    "AgentRunChange",
    "AgentRunEventsTaken",
    "AgentRunLogEntries",
    "AgentRunManifest",
    "AgentRunOutput",
    "AgentRunPage",
    "AgentRunStart",
    "AgentTask",
    "AgentTaskChange",
    "AgentTaskPage",
    "AgentTaskRepositories",
    "AgentTaskStart",
    "AgentTaskSummariesRequest",
    "AgentTaskSummary",
    "AgentTaskSummaryLatestRun",
    "AgentTaskSummaryPage",
    "AgentUser",
    "AnnouncedArtifacts",
    "ApiKey",
    "ApiKeyChange",
    "ApiKeyList",
    "AppendAgentRunLogBody",
    "AttachWorkflowTaskFileBody",
    "BackgroundCommandRequest",
    "BackgroundCommandRequestTty",
    "BeginEnvironmentUploadResponse",
    "ComparedTask",
    "ComparedTaskDifference",
    "CoreUploadAnswer",
    "CreateEvaluationRequest",
    "CreateEvaluationRequestAgent1",
    "CreateEvaluationRequestDataset1",
    "CreateEvaluationResponse",
    "CreateEvaluationResponseCounts",
    "CreatedApiKey",
    "CreatedOrganization",
    "DurableStream",
    "DurableStreamPage",
    "DurationQuantiles",
    "EnvironmentCommand",
    "EnvironmentCommandInput",
    "EnvironmentCommandList",
    "EnvironmentCommandTruncated",
    "EnvironmentCommandTruncatedStderr",
    "EnvironmentCommandTruncatedStdout",
    "EnvironmentCreateRequest",
    "EnvironmentExtendRequest",
    "EnvironmentFile",
    "EnvironmentFileList",
    "EnvironmentListResponse",
    "EnvironmentLogsResponse",
    "EnvironmentResponse",
    "EnvironmentResponseLimits",
    "EnvironmentResponseServiceUrlsValue",
    "EnvironmentResponseTask",
    "EnvironmentStatusResponse",
    "EnvironmentStatusResponseServiceUrlsValue",
    "EnvironmentTerminal",
    "EnvironmentTerminalList",
    "EnvironmentUpload",
    "EnvironmentUploadList",
    "EnvironmentUploadPart",
    "EnvironmentUploadRequest",
    "EvaluationAnalytics",
    "EvaluationAnalyticsCounts",
    "EvaluationAnalyticsDurations",
    "EvaluationAnalyticsUsage",
    "EvaluationComparison",
    "EvaluationComparisonA",
    "EvaluationComparisonB",
    "EvaluationComparisonDifference",
    "EvaluationComparisonMcnemar",
    "EvaluationDetailResponse",
    "EvaluationItemList",
    "EvaluationItemResponse",
    "EvaluationItemResponseDurations",
    "EvaluationItemResponseLinks",
    "EvaluationItemResponseResultJson",
    "EvaluationItemTrace",
    "EvaluationItemTry",
    "EvaluationItemUsage",
    "EvaluationJobResponse",
    "EvaluationList",
    "EvaluationTaskAnalytics",
    "EvaluationTaskAnalyticsCounts",
    "EvaluationTaskAnalyticsDurations",
    "EvaluationTaskAnalyticsUsage",
    "ExecuteRequest",
    "ExecuteResponse",
    "ExecuteResponseTruncated",
    "ExecuteResponseTruncatedStderr",
    "ExecuteResponseTruncatedStdout",
    "FileAttribute",
    "FileAttributeAnswer",
    "FileAttributeChange",
    "Health",
    "MeanReward",
    "NameChange",
    "NewAgentRun",
    "NewAgentTask",
    "NewApiKey",
    "NewOrganization",
    "NewOrganizationOwner",
    "NewOwnApiKey",
    "NewProject",
    "NewSecret",
    "NewTaskSet",
    "NewUser",
    "NewWebhook",
    "NewWorkspace",
    "Organization",
    "OrganizationList",
    "PassAtK",
    "PassRate",
    "PreparedArtifactUpload",
    "PreparedArtifactUploadPresignedPost",
    "PreparedArtifactUploads",
    "Project",
    "ProjectList",
    "PublishedTask",
    "PublishedTaskWarningsItem",
    "RelayAnswer",
    "RelayMessage",
    "RetryFailedEvaluationResponse",
    "RunConnectionToken",
    "RunStreamToken",
    "RunTokenKey",
    "RunTokenKeySet",
    "RunnerList",
    "RunnerListRunnersItem",
    "SandboxProvider",
    "Secret",
    "SecretChange",
    "SecretList",
    "SlackThread",
    "SlackThreadChange",
    "TaskDetail",
    "TaskDetailProvision",
    "TaskDetailSolution",
    "TaskDetailTeardown",
    "TaskFacetsResponse",
    "TaskFacetsResponseAuthorItem",
    "TaskFacetsResponseDifficultyItem",
    "TaskFacetsResponseSourceItem",
    "TaskFacetsResponseTagsItem",
    "TaskFileEntry",
    "TaskFileListResponse",
    "TaskInstructionResponse",
    "TaskListResponse",
    "TaskReadmeResponse",
    "TaskSet",
    "TaskSetChange",
    "TaskSetFacets",
    "TaskSetFacetsTagsItem",
    "TaskSetFacetsVisibilityItem",
    "TaskSetList",
    "TaskSetSummary",
    "TaskSetVersionList",
    "TaskSetVersionListVersionsItem",
    "TaskSummary",
    "TaskUpload",
    "TaskUploadCompletion",
    "TaskUploadList",
    "TaskUploadPart",
    "TaskUploadPartList",
    "TaskUploadProblemsItem",
    "TaskUploadStart",
    "TaskUploadWarningsItem",
    "TaskVersionList",
    "TaskVisibilityUpdate",
    "TerminalSize",
    "Trajectory",
    "UploadAgentRunArtifactsBody",
    "UploadCoreDocumentBody",
    "UploadedArtifacts",
    "UsageSum",
    "User",
    "UserChange",
    "UserList",
    "VerificationResult",
    "WaitingFor",
    "Webhook",
    "WebhookChange",
    "WebhookDelivery",
    "WebhookDeliveryDetail",
    "WebhookDeliveryList",
    "WebhookList",
    "WebhookWithSecret",
    "WorkflowApproval",
    "WorkflowApprovalAnswer",
    "WorkflowApprovalVariablesItem",
    "WorkflowCancelAnswer",
    "WorkflowDownload",
    "WorkflowFile",
    "WorkflowFileAccesses",
    "WorkflowFileAccessesAccessesItem",
    "WorkflowFileList",
    "WorkflowStepDocument",
    "WorkflowStepRun",
    "WorkflowTask",
    "WorkflowTaskAnswer",
    "WorkflowVariable",
    "Workspace",
    "WorkspaceList",
]


class Health(TypedDict):
    status: Literal["ok"]
    version: str


class CreatedOrganization(TypedDict):
    organization: Organization
    user: User
    workspace: Workspace
    project: Project
    api_key: CreatedApiKey


class Organization(TypedDict):
    id: str
    key: str
    name: str
    description: str | None
    is_active: bool
    """Always true: an organization is there or not"""
    allow_external_invites: bool
    """Always false: administrators add members"""
    max_members: int
    member_count: int
    can_manage_members: bool
    """Whether the presented key may add and remove users"""
    effective_max_sandbox_runtime_seconds: int
    max_sandbox_runtime_source_level: Literal["platform"]
    """The limit is the deployment's"""
    effective_default_sandbox_runtime_seconds: int
    default_sandbox_runtime_source_level: Literal["platform"]
    """The limit is the deployment's"""
    platform_max_sandbox_runtime_seconds: int
    platform_default_sandbox_runtime_seconds: int
    created_at: str
    updated_at: str


class User(TypedDict):
    id: str
    email_address: str
    username: str
    name: str | None
    full_name: str | None
    """The same as `name`, as published clients call it"""
    role: Literal["owner", "contributor", "reader"]
    org_id: str
    joined_at: str
    created_at: str
    updated_at: str


class Workspace(TypedDict):
    id: str
    key: str
    name: str
    description: str | None
    org_id: str
    org_name: str
    is_active: bool
    """Always true: a workspace is there or deleted"""
    is_default: bool
    project_count: int
    """Projects in it that the key can see"""
    created_by: str | None
    created_at: str
    updated_at: str


class Project(TypedDict):
    id: str
    number: int
    """The integer project id of agent clients"""
    key: str
    name: str
    description: str | None
    org_id: str
    workspace_id: str
    is_default: bool
    created_at: str
    updated_at: str


class CreatedApiKey(TypedDict):
    id: str
    name: str
    masked_key: str
    """The key's look-up part; the secret is not kept"""
    active: bool
    """Neither switched off nor revoked nor expired"""
    scopes: list[str]
    allowed_scopes: list[str]
    """The same as `scopes`, as published clients name it"""
    user_id: str
    username: str
    org_id: str
    project_id: str | None
    """The only project that the key acts in, or null"""
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    suspended_at: str | None
    """Since when the key is switched off, or null"""
    last_used_at: str | None
    """Exact to a minute"""
    key: str
    """The API key. It is shown this once."""


class _NewOrganizationRequired(TypedDict):
    key: str
    """Slug in paths; unique in the deployment, never changes"""
    name: str


class NewOrganization(_NewOrganizationRequired, total=False):
    description: str | None
    owner: NewOrganizationOwner
    """Its first user; who calls with an admin key, by default"""


class _NewOrganizationOwnerRequired(TypedDict):
    username: str
    email: str


class NewOrganizationOwner(_NewOrganizationOwnerRequired, total=False):
    """Its first user; who calls with an admin key, by default"""

    name: str | None


class NameChange(TypedDict, total=False):
    name: str
    description: str | None


class Account(TypedDict):
    id: str
    email_address: str
    username: str
    name: str | None
    full_name: str | None
    """The same as `name`, as published clients call it"""
    role: Literal["owner", "contributor", "reader"]
    org_id: str
    joined_at: str
    created_at: str
    updated_at: str
    organization: Organization
    api_key: ApiKey


class ApiKey(TypedDict):
    id: str
    name: str
    masked_key: str
    """The key's look-up part; the secret is not kept"""
    active: bool
    """Neither switched off nor revoked nor expired"""
    scopes: list[str]
    allowed_scopes: list[str]
    """The same as `scopes`, as published clients name it"""
    user_id: str
    username: str
    org_id: str
    project_id: str | None
    """The only project that the key acts in, or null"""
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    suspended_at: str | None
    """Since when the key is switched off, or null"""
    last_used_at: str | None
    """Exact to a minute"""


class _NewOwnApiKeyRequired(TypedDict):
    name: str


class NewOwnApiKey(_NewOwnApiKeyRequired, total=False):
    scopes: list[Literal["task:read", "task:write", "environment:read", "environment:write", "secret:read", "secret:write", "evaluation:read", "evaluation:write", "runner", "admin"]] | None
    """What the key may do. One of the two names is required"""
    allowed_scopes: list[Literal["task:read", "task:write", "environment:read", "environment:write", "secret:read", "secret:write", "evaluation:read", "evaluation:write", "runner", "admin"]] | None
    """The same as `scopes`, as published clients name it"""
    org_id: str | None
    """The presented key's own organization"""
    workspace_id: Any
    """Null or absent: keys are not bound to workspaces"""
    project_id: str | None
    """Binds the key to this project"""
    allow_self_revoke: bool
    """Accepted and true of every key"""
    expires_at: str | None
    """No later than the presented key's own, which is the default"""


class WorkspaceList(TypedDict):
    workspaces: list[Workspace]
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class _NewWorkspaceRequired(TypedDict):
    key: str
    """Slug in paths; never changes"""
    name: str


class NewWorkspace(_NewWorkspaceRequired, total=False):
    description: str | None


class _NewProjectRequired(TypedDict):
    key: str
    """Slug in paths; never changes"""
    name: str


class NewProject(_NewProjectRequired, total=False):
    description: str | None


class UserList(TypedDict):
    users: list[User]
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class _NewUserRequired(TypedDict):
    email: str
    username: str


class NewUser(_NewUserRequired, total=False):
    name: str | None
    role: Literal["owner", "contributor", "reader"]


class UserChange(TypedDict, total=False):
    name: str | None
    role: Literal["owner", "contributor", "reader"]


class ApiKeyList(TypedDict):
    api_keys: list[ApiKey]
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class _NewApiKeyRequired(TypedDict):
    name: str


class NewApiKey(_NewApiKeyRequired, total=False):
    scopes: list[Literal["task:read", "task:write", "environment:read", "environment:write", "secret:read", "secret:write", "evaluation:read", "evaluation:write", "runner", "admin"]] | None
    """What the key may do. One of the two names is required"""
    allowed_scopes: list[Literal["task:read", "task:write", "environment:read", "environment:write", "secret:read", "secret:write", "evaluation:read", "evaluation:write", "runner", "admin"]] | None
    """The same as `scopes`, as published clients name it"""
    user_id: str
    """Whose key it is; the caller's by default"""
    project_id: str | None
    """Binds the key to this project"""
    expires_at: str | None
    """When the key stops working; null for never"""
    format: Literal["ty", "ca"]
    """What the key looks like: `ty_…`, or `ca_…` as workflow clients expect"""


class ApiKeyChange(TypedDict):
    active: bool
    """False switches the key off, true on again"""


class _TaskFileListResponseRequired(TypedDict):
    task_name: str
    """Task name"""
    files: list[TaskFileEntry]
    """Files in the archive"""
    total_files: int
    """Total number of files, on all pages"""


class TaskFileListResponse(_TaskFileListResponseRequired, total=False):
    """Response listing files in a task archive"""

    next_cursor: str | None
    """Where the next page begins; null on the last. Only sent to requests with limit or cursor"""


class TaskFileEntry(TypedDict):
    """A single file entry within a task zip archive"""

    filename: str
    """File path within the archive"""
    file_size: int
    """Uncompressed file size in bytes"""
    compress_size: int
    """Compressed file size in bytes"""


class TaskReadmeResponse(TypedDict):
    content: str
    path: str
    """Path of the file in the archive"""
    truncated: bool
    """Whether the file is longer than `content`"""


class TaskListResponse(TypedDict):
    tasks: list[TaskSummary]
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class TaskSummary(TypedDict):
    id: str
    """Id of this version"""
    name: str
    version: str
    org_key: str
    organization_id: str
    is_public: bool
    """Whether other organizations may read the task, all versions of it"""
    file_size: int
    """Bytes of the archive"""
    created_at: str
    template_status: Literal["pending", "building", "ready", "failed"]
    """Always ready: environments read the archive itself, no image has to be built first"""
    sandbox_provider: Literal["docker", "e2b"]
    """Always docker: of the two names that clients know, the one for the operator's own machines"""
    description: str | None
    difficulty: str | None
    author: str | None
    license: str | None
    source: str | None
    tags: list[str] | None
    ports: dict[str, list[int]] | None
    """Service name to its ports"""
    oci_digest: str | None
    """Digest of the pushed layer; null: the task came as a zip"""
    verification: dict[str, Any] | None
    """How a result is checked, in outline: never with a plaintext `value`, nor a judge's instructions"""


class TaskFacetsResponse(TypedDict):
    difficulty: list[TaskFacetsResponseDifficultyItem]
    """Most frequent first"""
    tags: list[TaskFacetsResponseTagsItem]
    """Most frequent first"""
    author: list[TaskFacetsResponseAuthorItem]
    """Most frequent first"""
    source: list[TaskFacetsResponseSourceItem]
    """Most frequent first"""
    total: int


class TaskFacetsResponseDifficultyItem(TypedDict):
    value: str
    count: int


class TaskFacetsResponseTagsItem(TypedDict):
    value: str
    count: int


class TaskFacetsResponseAuthorItem(TypedDict):
    value: str
    count: int


class TaskFacetsResponseSourceItem(TypedDict):
    value: str
    count: int


class TaskDetail(TypedDict):
    id: str
    """Id of this version"""
    name: str
    version: str
    org_key: str
    organization_id: str
    is_public: bool
    """Whether other organizations may read the task, all versions of it"""
    file_size: int
    """Bytes of the archive"""
    created_at: str
    template_status: Literal["pending", "building", "ready", "failed"]
    """Always ready: environments read the archive itself, no image has to be built first"""
    sandbox_provider: Literal["docker", "e2b"]
    """Always docker: of the two names that clients know, the one for the operator's own machines"""
    description: str | None
    difficulty: str | None
    author: str | None
    license: str | None
    source: str | None
    tags: list[str] | None
    ports: dict[str, list[int]] | None
    """Service name to its ports"""
    oci_digest: str | None
    """Digest of the pushed layer; null: the task came as a zip"""
    verification: dict[str, Any] | None
    """How a result is checked; a plaintext `value` is shown to task:write of the owning organization only"""
    sha256: str
    """SHA-256 of the archive, in hex"""
    updated_at: str
    created_by: str | None
    """Id of the user who published the version"""
    instruction: str | None
    repository: str | None
    provision: TaskDetailProvision | None
    teardown: TaskDetailTeardown | None
    solution: TaskDetailSolution | None
    """Null also for readers without task:write in the owning organization"""


class _TaskDetailProvisionRequired(TypedDict):
    script: str
    """Path of the script in the archive"""
    timeout: int
    """Seconds"""


class TaskDetailProvision(_TaskDetailProvisionRequired, total=False):
    starts_services: bool
    """Whether it starts those of `ports`"""


class TaskDetailTeardown(TypedDict):
    script: str
    """Path of the script in the archive"""
    timeout: int
    """Seconds"""


class TaskDetailSolution(TypedDict):
    """Null also for readers without task:write in the owning organization"""

    script: str


class TaskVersionList(TypedDict):
    latest: TaskSummary | None
    versions: list[TaskSummary]
    """Highest version first"""
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class TaskInstructionResponse(TypedDict):
    instruction: str | None
    resolved: bool
    """Whether placeholders were filled in"""


class TaskVisibilityUpdate(TypedDict):
    is_public: bool


class PublishedTask(TypedDict):
    id: str
    """Id of this version"""
    name: str
    version: str
    org_key: str
    organization_id: str
    is_public: bool
    """Whether other organizations may read the task, all versions of it"""
    file_size: int
    """Bytes of the archive"""
    created_at: str
    template_status: Literal["pending", "building", "ready", "failed"]
    """Always ready: environments read the archive itself, no image has to be built first"""
    sandbox_provider: Literal["docker", "e2b"]
    """Always docker: of the two names that clients know, the one for the operator's own machines"""
    description: str | None
    difficulty: str | None
    author: str | None
    license: str | None
    source: str | None
    tags: list[str] | None
    ports: dict[str, list[int]] | None
    """Service name to its ports"""
    oci_digest: str | None
    """Digest of the pushed layer; null: the task came as a zip"""
    verification: dict[str, Any] | None
    """How a result is checked; a plaintext `value` is shown to task:write of the owning organization only"""
    sha256: str
    """SHA-256 of the archive, in hex"""
    updated_at: str
    created_by: str | None
    """Id of the user who published the version"""
    instruction: str | None
    repository: str | None
    provision: TaskDetailProvision | None
    teardown: TaskDetailTeardown | None
    solution: TaskDetailSolution | None
    """Null also for readers without task:write in the owning organization"""
    warnings: list[PublishedTaskWarningsItem]
    """What task.yaml could do better; the version is published all the same"""


class PublishedTaskWarningsItem(TypedDict):
    loc: list[str | int]
    msg: str
    type: str


class TaskUpload(TypedDict):
    id: str
    task_name: str
    version: str
    state: Literal["open", "verifying", "accepted", "refused"]
    """open takes parts, verifying is being checked; accepted (the version is published) and refused are final"""
    size: int
    """Bytes of the whole archive"""
    sha256: str | None
    """SHA-256 of the whole archive, in hex, once it is known"""
    part_size: int | None
    """Bytes of every part but the last; null for an archive that came in one request"""
    parts: int | None
    """Number of parts; they are numbered from 1"""
    received_parts: int | None
    received_bytes: int
    problems: list[TaskUploadProblemsItem] | None
    """Why it was refused"""
    warnings: list[TaskUploadWarningsItem] | None
    """What task.yaml could do better, once accepted"""
    created_at: str
    updated_at: str
    expires_at: str
    """When an unfinished upload is swept, a finished one forgotten"""


class TaskUploadProblemsItem(TypedDict):
    loc: list[str | int]
    msg: str
    type: str


class TaskUploadWarningsItem(TypedDict):
    loc: list[str | int]
    msg: str
    type: str


class _TaskUploadStartRequired(TypedDict):
    size: int
    """Bytes of the whole archive"""


class TaskUploadStart(_TaskUploadStartRequired, total=False):
    sha256: str
    """SHA-256 of the whole archive, in hex; compared before the version is published"""
    strip: bool
    """Whether the folder that all files of the archive lie in is taken away, so that paths begin in it, when it holds
    the task.yaml; `false` keeps every path
    """


class TaskUploadList(TypedDict):
    uploads: list[TaskUpload]
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class TaskUploadCompletion(TypedDict, total=False):
    sha256: str
    """SHA-256 of the whole archive, in hex; compared before the version is published"""


class TaskUploadPart(TypedDict):
    part_number: int
    size: int
    sha256: str
    """SHA-256 of the part, in hex"""
    created_at: str


class TaskUploadPartList(TypedDict):
    parts: list[TaskUploadPart]
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class TaskSet(TypedDict):
    id: str
    name: str
    version: int
    """Of what it holds: 1 at first, and one more with each change of its tasks"""
    org_key: str
    organization_id: str
    is_public: bool
    description: str | None
    tags: list[str]
    task_count: int
    created_by: str | None
    """Id of the user who made the set"""
    created_at: str
    updated_at: str
    tasks: list[str]
    """`org/name`, with `@version` where it is fixed"""


class _NewTaskSetRequired(TypedDict):
    name: str
    """Name of the task set; never changes"""
    tasks: list[str]
    """The tasks in their order, as `[org/]name[@version]`; without a version the latest one of the time when the set is
    used
    """


class NewTaskSet(_NewTaskSetRequired, total=False):
    description: str | None
    """What the set is for"""
    tags: list[str]
    """Words to find the set by"""
    is_public: bool
    """Whether other organizations may read the set"""


class TaskSetList(TypedDict):
    task_sets: list[TaskSetSummary]
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class TaskSetSummary(TypedDict):
    id: str
    name: str
    version: int
    """Of what it holds: 1 at first, and one more with each change of its tasks"""
    org_key: str
    organization_id: str
    is_public: bool
    description: str | None
    tags: list[str]
    task_count: int
    created_by: str | None
    """Id of the user who made the set"""
    created_at: str
    updated_at: str


class TaskSetFacets(TypedDict):
    tags: list[TaskSetFacetsTagsItem]
    """At most 100, most frequent first"""
    visibility: list[TaskSetFacetsVisibilityItem]
    """`public` and `private`, where there are such"""
    total: int


class TaskSetFacetsTagsItem(TypedDict):
    value: str
    count: int


class TaskSetFacetsVisibilityItem(TypedDict):
    value: str
    count: int


class TaskSetChange(TypedDict, total=False):
    description: str | None
    """What the set is for"""
    tasks: list[str]
    """The tasks in their order, as `[org/]name[@version]`; without a version the latest one of the time when the set is
    used
    """
    tags: list[str]
    """Words to find the set by"""
    is_public: bool


class TaskSetVersionList(TypedDict):
    versions: list[TaskSetVersionListVersionsItem]
    """Highest first"""
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class TaskSetVersionListVersionsItem(TypedDict):
    version: int
    task_count: int
    created_by: str | None
    created_at: str


class EnvironmentResponse(TypedDict):
    id: str
    state: Literal["building", "provisioning", "ready", "paused", "torn_down", "failed"]
    task_ref: str
    created_at: str
    expires_at: str | None
    execute_token: str | None
    """Opens the sandbox as X-Environment-Token. Shown once, when the environment is made; null in every other answer"""
    service_urls: dict[str, EnvironmentResponseServiceUrlsValue] | None
    """Addresses of the task's services, once it is ready"""
    instruction: str | None
    """Null in lists where it has more than 20,000 bytes"""
    error: str | None
    """Why it failed"""
    task_verification: dict[str, Any] | None
    """The task's verification block when the environment was made; its plaintext `value` is shown to task:write of the
    owning organization only
    """
    task: EnvironmentResponseTask
    """What the reference meant when the environment was made"""
    project_id: str | None
    sandbox_id: str
    """The environment's own id: `sandbox_id` of getTaskInstruction"""
    sandbox_state: Literal["running", "paused", "killed"]
    sandbox_provider: SandboxProvider
    limits: EnvironmentResponseLimits | None
    """What its runner lets it take, once it is ready; null in other sandboxes"""
    model_overrides: dict[str, str] | None
    warnings: list[str]
    """What this sandbox does not do for the task, and what of the request was ignored"""
    waiting_for: WaitingFor | None
    """What it waits for before it can be provisioned; null when it waits for nothing"""
    ended_at: str | None
    end_reason: Literal["deleted", "expired"] | None


class _EnvironmentResponseServiceUrlsValueRequired(TypedDict):
    url: str
    """As commands of the environment reach it"""
    port: int


class EnvironmentResponseServiceUrlsValue(_EnvironmentResponseServiceUrlsValueRequired, total=False):
    urls: dict[str, str]
    """By each port of `ports`"""


class EnvironmentResponseTask(TypedDict):
    """What the reference meant when the environment was made"""

    org_key: str
    name: str
    version: str


class SandboxProvider(TypedDict):
    kind: Literal["embedded", "runner", "container"]
    description: str
    linux: bool
    """Whether commands are programs of a Linux machine"""
    network: bool
    services: bool
    """Whether the task's services are started"""
    streams: bool
    """Whether output comes while a command runs"""
    terminals: bool
    """Whether commands may have a terminal, or input that stays open"""


class EnvironmentResponseLimits(TypedDict):
    """What its runner lets it take, once it is ready; null in other sandboxes"""

    scope: Literal["process", "environment"]
    """`environment`: for all processes together. `process`: for each of them, but `processes` for all"""
    memory_bytes: int
    processes: int | None
    """Null where their number has no limit"""
    cpus: float | None
    """Processors' worth of time; null for all of them"""


class WaitingFor(TypedDict):
    reason: Literal["no_runner_ever", "no_runner_connected", "no_runner_with_labels", "no_runner_with_capabilities", "no_runner_of_kind", "runners_busy", "offered"]
    """What is missing: any runner, one with the labels, one that takes environments or runs, one that is able to do it,
    a free slot; `offered`: nothing, a runner was asked
    """
    since: str
    """When it was queued"""
    labels: list[str]
    """Labels that its runner has to have"""
    capabilities: list[str]
    """What its runner has to be able to do: `container` and `compose` are engines for the task's own image"""
    detail: str
    """For people: what is waited for, and what to do about it"""


class _EnvironmentCreateRequestRequired(TypedDict):
    task_ref: str
    """The task: `[org/]name[@version]`"""


class EnvironmentCreateRequest(_EnvironmentCreateRequestRequired, total=False):
    inputs: dict[str, Any] | None
    """Values of the instruction's placeholders"""
    project_id: str | None
    """A project of this workspace"""
    secret_ids: list[str] | None
    """Ids or names of the organization's secrets, which commands find as variables; needs the scope secret:read"""
    timeout_sec: int | None
    """Seconds that it lives; more than the organization's maximum means that"""
    model_overrides: dict[str, str] | None
    """Role to model id; kept and shown"""
    sandbox_provider: Literal["embedded", "runner", "container"] | None
    """Where commands run; the deployment's default when left out"""
    runner_labels: list[str] | None
    """Labels that the runner has to have, for `sandbox_provider` runner"""


class EnvironmentListResponse(TypedDict):
    environments: list[EnvironmentResponse]
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class EnvironmentStatusResponse(TypedDict):
    id: str
    state: Literal["building", "provisioning", "ready", "paused", "torn_down", "failed"]
    expires_at: str | None
    error: str | None
    service_urls: dict[str, EnvironmentStatusResponseServiceUrlsValue] | None
    """Addresses of the task's services, once it is ready"""
    instruction: str | None
    task_verification: dict[str, Any] | None
    """The task's verification block when the environment was made; its plaintext `value` is shown to task:write of the
    owning organization only
    """
    execute_token: str | None
    """Opens the sandbox as X-Environment-Token. Shown once, when the environment is made; null in every other answer"""
    waiting_for: WaitingFor | None
    """What it waits for before it can be provisioned"""


class _EnvironmentStatusResponseServiceUrlsValueRequired(TypedDict):
    url: str
    """As commands of the environment reach it"""
    port: int


class EnvironmentStatusResponseServiceUrlsValue(_EnvironmentStatusResponseServiceUrlsValueRequired, total=False):
    urls: dict[str, str]
    """By each port of `ports`"""


class EnvironmentLogsResponse(TypedDict):
    logs: str


class EnvironmentExtendRequest(TypedDict, total=False):
    extend_seconds: int
    """Seconds from now on that it lives at least; never fewer than it would have"""


class _ExecuteResponseRequired(TypedDict):
    exit_code: int
    """Process exit code (0 = success). 124 after `timeout_sec`, 137 when it was killed"""
    output: str
    """Combined stdout/stderr output, in the order in which it was written unless `separate_output` was asked"""
    stdout: str
    """All of the output where the two were not told apart"""
    stderr: str
    """Empty where the two were not told apart"""
    status: Literal["exited", "timed_out", "killed"]
    command_id: str
    timed_out: bool
    truncated: ExecuteResponseTruncated | None
    """Null when all output is there"""
    reason: str | None
    """Why it was killed or lost, where that is known"""
    duration_ms: int


class ExecuteResponse(_ExecuteResponseRequired, total=False):
    """Result of a command executed in a task environment."""

    warnings: list[str]
    """What of the request was ignored; absent where nothing was, and in later answers"""


class ExecuteResponseTruncated(TypedDict):
    """Null when all output is there"""

    stdout: ExecuteResponseTruncatedStdout
    stderr: ExecuteResponseTruncatedStderr


class ExecuteResponseTruncatedStdout(TypedDict):
    total: int
    """Bytes that the command wrote"""
    kept: int
    """Bytes that are kept, from the beginning; of a terminal the last ones"""


class ExecuteResponseTruncatedStderr(TypedDict):
    total: int
    """Bytes that the command wrote"""
    kept: int
    """Bytes that are kept, from the beginning; of a terminal the last ones"""


class _ExecuteRequestRequired(TypedDict):
    command: str
    """A line for the shell"""


class ExecuteRequest(_ExecuteRequestRequired, total=False):
    """Request to execute a command inside a task environment."""

    timeout_sec: int
    """Seconds after which it is ended"""
    cwd: str
    """Folder to start in, or relative to where commands start: /task, or the working folder of the task's own image"""
    env: dict[str, str]
    """Variables beside the sandbox's own"""
    stdin: str
    """All of standard input"""
    separate_output: bool
    """Whether `stdout` and `stderr` are told apart, for which `output` may lose the order between them. Otherwise a
    Linux sandbox gives both as `stdout`, exactly as they were written
    """


class _EnvironmentCommandRequired(TypedDict):
    command_id: str
    timed_out: bool
    truncated: EnvironmentCommandTruncated | None
    """Null when all output is there"""
    reason: str | None
    """Why it was killed or lost, where that is known"""
    command: str
    cwd: str
    background: bool
    """Whether nobody waits for it"""
    status: Literal["running", "exited", "timed_out", "killed", "lost"]
    """`lost`: it is not known how the command ended, nor how far it came"""
    exit_code: int | None
    """Null while it runs, and for a command that is lost"""
    timeout_sec: int | None
    """Null for one that may run as long as the environment"""
    started_at: str
    ended_at: str | None
    duration_ms: int | None
    output_bytes: int
    """Bytes of its output that can be read"""
    tty: TerminalSize | None
    """The size of its terminal; null where it has none"""
    stdin_open: bool
    """Whether `…/stdin` takes more"""


class EnvironmentCommand(_EnvironmentCommandRequired, total=False):
    warnings: list[str]
    """What of the request was ignored; absent where nothing was, and in later answers"""


class EnvironmentCommandTruncated(TypedDict):
    """Null when all output is there"""

    stdout: EnvironmentCommandTruncatedStdout
    stderr: EnvironmentCommandTruncatedStderr


class EnvironmentCommandTruncatedStdout(TypedDict):
    total: int
    """Bytes that the command wrote"""
    kept: int
    """Bytes that are kept, from the beginning; of a terminal the last ones"""


class EnvironmentCommandTruncatedStderr(TypedDict):
    total: int
    """Bytes that the command wrote"""
    kept: int
    """Bytes that are kept, from the beginning; of a terminal the last ones"""


class TerminalSize(TypedDict):
    rows: int
    cols: int


class _BackgroundCommandRequestRequired(TypedDict):
    command: str
    """A line for the shell"""


class BackgroundCommandRequest(_BackgroundCommandRequestRequired, total=False):
    """Request to start a command inside a task environment."""

    timeout_sec: int
    """Seconds after which it is ended; without it, it may run as long as the environment"""
    cwd: str
    """Folder to start in, or relative to where commands start: /task, or the working folder of the task's own image"""
    env: dict[str, str]
    """Variables beside the sandbox's own"""
    stdin: str
    """All of standard input"""
    separate_output: bool
    """Whether `stdout` and `stderr` are told apart, for which `output` may lose the order between them. Otherwise a
    Linux sandbox gives both as `stdout`, exactly as they were written
    """
    tty: BackgroundCommandRequestTty | None
    """A terminal for it, on which it can be joined (docs/terminals.md); its output is what that shows"""
    stdin_open: bool
    """Whether standard input stays open behind `stdin`, for `…/stdin`; so it does with `tty`"""


class BackgroundCommandRequestTty(TypedDict, total=False):
    """A terminal for it, on which it can be joined (docs/terminals.md); its output is what that shows"""

    rows: int
    cols: int
    term: str
    """The variable TERM"""


class EnvironmentCommandList(TypedDict):
    commands: list[EnvironmentCommand]


class EnvironmentCommandInput(TypedDict):
    offset: int
    """Bytes that have come of this writer"""


class EnvironmentTerminalList(TypedDict):
    terminals: list[EnvironmentTerminal]


class _EnvironmentTerminalRequired(TypedDict):
    command_id: str
    timed_out: bool
    truncated: EnvironmentCommandTruncated | None
    """Null when all output is there"""
    reason: str | None
    """Why it was killed or lost, where that is known"""
    command: str
    cwd: str
    background: bool
    """Whether nobody waits for it"""
    status: Literal["running", "exited", "timed_out", "killed", "lost"]
    """`lost`: it is not known how the command ended, nor how far it came"""
    exit_code: int | None
    """Null while it runs, and for a command that is lost"""
    timeout_sec: int | None
    """Null for one that may run as long as the environment"""
    started_at: str
    ended_at: str | None
    duration_ms: int | None
    output_bytes: int
    """Bytes of its output that can be read"""
    tty: TerminalSize | None
    """The size of its terminal; null where it has none"""
    stdin_open: bool
    """Whether `…/stdin` takes more"""
    connections: int
    """How many are connected to it"""
    idle_timeout_sec: int | None
    """Seconds without anybody connected after which it is closed; null for never"""


class EnvironmentTerminal(_EnvironmentTerminalRequired, total=False):
    warnings: list[str]
    """What of the request was ignored; absent where nothing was, and in later answers"""


class VerificationResult(TypedDict):
    passed: bool
    """Whether the script ended with 0, the flag is the right one, or the reward is 1 at least"""
    reward: float | None
    """1 or 0; of a task in Harbor's format what it wrote, null where that is no number"""
    rewards: dict[str, float] | None
    """All numbers of a task in Harbor's format that wrote several"""
    method: str
    needs_judge: bool
    """Whether the task asks for a judge's word besides"""
    exit_code: int | None
    timed_out: bool
    output: str
    """What the script wrote; empty for a flag"""
    command_id: str
    duration_ms: int | None


class EnvironmentFileList(TypedDict):
    files: list[EnvironmentFile]
    has_more: bool
    """Whether there are entries that are not listed"""


class EnvironmentFile(TypedDict):
    path: str
    type: Literal["file", "directory", "symlink", "other"]
    """`other`: a pipe, a socket or a device"""
    size: int
    mode: str
    """Permission bits in octal"""
    modified_at: str


class _BeginEnvironmentUploadResponseRequired(TypedDict):
    id: str
    path: str
    size: int
    sha256: str | None
    part_size: int
    """Bytes of every part but the last"""
    part_count: int
    received_parts: list[int]
    """Numbers of the parts that have arrived"""
    state: Literal["open", "complete"]
    expires_at: str
    """When it is aborted unless it is complete"""


class BeginEnvironmentUploadResponse(_BeginEnvironmentUploadResponseRequired, total=False):
    warnings: list[str]


class _EnvironmentUploadRequestRequired(TypedDict):
    path: str
    """Where the file is to be: an absolute path"""
    size: int
    """Bytes of the whole file"""


class EnvironmentUploadRequest(_EnvironmentUploadRequestRequired, total=False):
    sha256: str | None
    """Of the whole file; compared before it is put in place"""


class EnvironmentUploadList(TypedDict):
    uploads: list[EnvironmentUpload]


class EnvironmentUpload(TypedDict):
    id: str
    path: str
    size: int
    sha256: str | None
    part_size: int
    """Bytes of every part but the last"""
    part_count: int
    received_parts: list[int]
    """Numbers of the parts that have arrived"""
    state: Literal["open", "complete"]
    expires_at: str
    """When it is aborted unless it is complete"""


class EnvironmentUploadPart(TypedDict):
    part_number: int
    size: int


class EvaluationComparison(TypedDict):
    common_tasks: int
    """Tasks with counted attempts in both; only these are compared"""
    only_a: int
    """Further tasks of a: not in b, or without a counted attempt in either"""
    only_b: int
    """Further tasks of b, likewise"""
    a: EvaluationComparisonA
    """Mean pass rate of common tasks"""
    b: EvaluationComparisonB
    """Mean pass rate of common tasks"""
    difference: EvaluationComparisonDifference | None
    """b - a, with the 95% interval of a paired bootstrap over tasks; null without common tasks"""
    mcnemar: EvaluationComparisonMcnemar | None
    """McNemar's exact test, where each common task has one counted attempt in both"""
    method: Literal["mcnemar", "paired_bootstrap"] | None
    """What the verdict stands on"""
    within_noise: bool | None
    verdict: Literal["a_better", "b_better", "within_noise", "no_common_tasks"]
    tasks: list[ComparedTask]


class EvaluationComparisonA(TypedDict):
    """Mean pass rate of common tasks"""

    value: float | None
    n: int


class EvaluationComparisonB(TypedDict):
    """Mean pass rate of common tasks"""

    value: float | None
    n: int


class EvaluationComparisonDifference(TypedDict):
    """b - a, with the 95% interval of a paired bootstrap over tasks; null without common tasks"""

    value: float
    low: float
    high: float
    n: int


class EvaluationComparisonMcnemar(TypedDict):
    """McNemar's exact test, where each common task has one counted attempt in both"""

    only_a: int
    only_b: int
    p_value: float
    n: int


class ComparedTask(TypedDict):
    task_ref: str
    task_name: str
    a: PassRate
    b: PassRate
    difference: ComparedTaskDifference
    """b - a, with its 95% interval (Newcombe)"""
    within_noise: bool
    """Whether the interval has 0 in it"""


class PassRate(TypedDict):
    """Passed of counted attempts (passed, failed, timed_out), with its 95% Wilson score interval"""

    value: float | None
    low: float | None
    high: float | None
    n: int
    """How many it is made of"""


class ComparedTaskDifference(TypedDict):
    """b - a, with its 95% interval (Newcombe)"""

    value: float
    low: float
    high: float


class CreateEvaluationResponse(TypedDict):
    id: str
    name: str
    model: str
    status: Literal["pending", "running", "completed", "failed", "cancelled"]
    agent_type: str
    params: dict[str, Any]
    """What was asked for"""
    dataset_size: int
    """Tasks, or rows of the dataset"""
    scenario_count: int
    iterations: int
    """Attempts at each task"""
    total_samples: int
    """Items: tasks times attempts"""
    counts: CreateEvaluationResponseCounts
    passed_count: int
    failed_count: int
    timed_out_count: int
    cancelled_count: int
    error_count: int
    """Items whose infrastructure failed: they are in no rate"""
    pass_rate: float | None
    """Null before the first item that counts"""
    mean_scores: dict[str, float]
    """Means of the verifiers' numbers"""
    duration_ms: int | None
    timestamp: str
    """When it was made"""
    completed_at: str | None
    stop_reason: Literal["user", "budget"] | None
    tags: list[str]
    metadata: dict[str, Any] | None
    project_id: str
    task_id: str | None
    trace_id: str | None
    span_id: str | None
    cancel_requested_at: str | None
    warnings: list[str]
    """What of the request was ignored"""


class CreateEvaluationResponseCounts(TypedDict, total=False):
    queued: int
    claiming: int
    provisioning: int
    agent_running: int
    agent_finished: int
    verifying: int
    passed: int
    failed: int
    timed_out: int
    cancelled: int
    infra_error: int


class _CreateEvaluationRequestRequired(TypedDict):
    name: str
    model: str
    """What the agent works with. Kept, shown, and told to the agent as TASKYARD_MODEL"""


class CreateEvaluationRequest(_CreateEvaluationRequestRequired, total=False):
    task_names: list[str]
    """Tasks, as `[org/]name[@version]`. One of `task_names`, `dataset` and `task_set` is needed"""
    dataset: list[dict[str, Any]] | CreateEvaluationRequestDataset1
    """Rows with a `task_name` each; the rest of a row are values of the instruction's placeholders"""
    task_set: str
    """A task set, as `[org/]name[@version]`; the answer's `params` say which version it was"""
    agent: Literal["oracle", "nop"] | CreateEvaluationRequestAgent1
    """`oracle` carries out the task's own solution, `nop` does nothing; an object is a command. Without it the agent of
    a runner does the tasks
    """
    concurrency: int
    """Items that are at work at once"""
    attempts: int
    """Attempts at each task"""
    max_retries: int
    """How often an item is tried again whose infrastructure failed"""
    cleanup_policy: Literal["always", "on_success"]
    """`on_success`: environments of items that did not pass stay until their time is up"""
    task_timeout_sec: int | None
    """Seconds that an agent has at most for a task, whatever the task says"""
    max_cost_usd: float | None
    """Once items have cost so much, no further one begins: it is `cancelled` for `budget`"""
    kind: Literal["security_task_benchmark"]
    sandbox_provider: Literal["embedded", "runner", "container"] | None
    """As for environments"""
    secret_ids: list[str] | None
    project_id: str | None
    """A project of the workspace, which the runs belong to; the workspace's first one when left out"""
    agent_type: str | None
    capability: str | None
    runtime_id: str | None
    task_config: dict[str, Any] | None
    metadata: dict[str, Any] | None
    tags: list[str]


class CreateEvaluationRequestDataset1(TypedDict):
    rows: list[dict[str, Any]]


class CreateEvaluationRequestAgent1(TypedDict, total=False):
    command: str | None
    inside: bool
    """Whether the command runs in the environment itself, rather than as the agent of a runner"""
    env: dict[str, str]
    timeout_sec: int | None
    """Seconds that the agent has for each task; the task's own where it is left out"""
    labels: list[str]
    """Labels that the runner has to have"""


class EvaluationList(TypedDict):
    evaluations: list[EvaluationJobResponse]
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class EvaluationJobResponse(TypedDict):
    id: str
    name: str
    model: str
    status: Literal["pending", "running", "completed", "failed", "cancelled"]
    agent_type: str
    params: dict[str, Any]
    """What was asked for"""
    dataset_size: int
    """Tasks, or rows of the dataset"""
    scenario_count: int
    iterations: int
    """Attempts at each task"""
    total_samples: int
    """Items: tasks times attempts"""
    counts: CreateEvaluationResponseCounts
    passed_count: int
    failed_count: int
    timed_out_count: int
    cancelled_count: int
    error_count: int
    """Items whose infrastructure failed: they are in no rate"""
    pass_rate: float | None
    """Null before the first item that counts"""
    mean_scores: dict[str, float]
    """Means of the verifiers' numbers"""
    duration_ms: int | None
    timestamp: str
    """When it was made"""
    completed_at: str | None
    stop_reason: Literal["user", "budget"] | None
    tags: list[str]
    metadata: dict[str, Any] | None
    project_id: str
    task_id: str | None
    trace_id: str | None
    span_id: str | None
    cancel_requested_at: str | None


class EvaluationDetailResponse(TypedDict):
    """An evaluation with all of its numbers"""

    id: str
    name: str
    model: str
    status: Literal["pending", "running", "completed", "failed", "cancelled"]
    agent_type: str
    params: dict[str, Any]
    """What was asked for"""
    dataset_size: int
    """Tasks, or rows of the dataset"""
    scenario_count: int
    iterations: int
    """Attempts at each task"""
    total_samples: int
    """Items: tasks times attempts"""
    counts: CreateEvaluationResponseCounts
    passed_count: int
    failed_count: int
    timed_out_count: int
    cancelled_count: int
    error_count: int
    """Items whose infrastructure failed: they are in no rate"""
    pass_rate: float | None
    """Null before the first item that counts"""
    mean_scores: dict[str, float]
    """Means of the verifiers' numbers"""
    duration_ms: int | None
    timestamp: str
    """When it was made"""
    completed_at: str | None
    stop_reason: Literal["user", "budget"] | None
    tags: list[str]
    metadata: dict[str, Any] | None
    project_id: str
    task_id: str | None
    trace_id: str | None
    span_id: str | None
    cancel_requested_at: str | None
    analytics: EvaluationAnalytics


class EvaluationAnalytics(TypedDict):
    """The numbers of all items, and the same per task"""

    counts: EvaluationAnalyticsCounts
    """Items per status, each status named"""
    pass_rate: PassRate
    mean_reward: MeanReward
    pass_at_k: list[PassAtK]
    """The chance that one of k attempts passes: unbiased, the mean over tasks"""
    pass_hat_k: list[PassAtK]
    """The chance that all of k attempts pass: unbiased, the mean over tasks"""
    durations: EvaluationAnalyticsDurations
    usage: EvaluationAnalyticsUsage
    tasks: list[EvaluationTaskAnalytics]


class EvaluationAnalyticsCounts(TypedDict, total=False):
    """Items per status, each status named"""

    queued: int
    claiming: int
    provisioning: int
    agent_running: int
    agent_finished: int
    verifying: int
    passed: int
    failed: int
    timed_out: int
    cancelled: int
    infra_error: int


class MeanReward(TypedDict):
    """Mean reward of counted attempts. The standard error takes attempts at one task for one cluster"""

    value: float | None
    standard_error: float | None
    n: int
    """How many it is made of"""


class PassAtK(TypedDict):
    k: int
    value: float | None
    tasks: int
    """Tasks with at least k counted attempts, whose mean it is"""


class EvaluationAnalyticsDurations(TypedDict):
    provision_ms: DurationQuantiles
    agent_ms: DurationQuantiles
    verify_ms: DurationQuantiles


class DurationQuantiles(TypedDict):
    """Milliseconds"""

    p50: float | None
    p95: float | None
    n: int
    """How many it is made of"""


class EvaluationAnalyticsUsage(TypedDict):
    input_tokens: UsageSum
    output_tokens: UsageSum
    cached_tokens: UsageSum
    cost_usd: UsageSum


class UsageSum(TypedDict):
    sum: float | None
    """Of the items that said it; null where none did"""
    known: int
    """Items that said it"""
    n: int
    """Items whose agent ran"""


class EvaluationTaskAnalytics(TypedDict):
    task_ref: str
    task_name: str
    counts: EvaluationTaskAnalyticsCounts
    """Items per status, each status named"""
    pass_rate: PassRate
    mean_reward: MeanReward
    pass_at_k: list[PassAtK]
    """The chance that one of k attempts passes: unbiased, the mean over tasks"""
    pass_hat_k: list[PassAtK]
    """The chance that all of k attempts pass: unbiased, the mean over tasks"""
    durations: EvaluationTaskAnalyticsDurations
    usage: EvaluationTaskAnalyticsUsage


class EvaluationTaskAnalyticsCounts(TypedDict, total=False):
    """Items per status, each status named"""

    queued: int
    claiming: int
    provisioning: int
    agent_running: int
    agent_finished: int
    verifying: int
    passed: int
    failed: int
    timed_out: int
    cancelled: int
    infra_error: int


class EvaluationTaskAnalyticsDurations(TypedDict):
    provision_ms: DurationQuantiles
    agent_ms: DurationQuantiles
    verify_ms: DurationQuantiles


class EvaluationTaskAnalyticsUsage(TypedDict):
    input_tokens: UsageSum
    output_tokens: UsageSum
    cached_tokens: UsageSum
    cost_usd: UsageSum


class RetryFailedEvaluationResponse(TypedDict):
    id: str
    name: str
    model: str
    status: Literal["pending", "running", "completed", "failed", "cancelled"]
    agent_type: str
    params: dict[str, Any]
    """What was asked for"""
    dataset_size: int
    """Tasks, or rows of the dataset"""
    scenario_count: int
    iterations: int
    """Attempts at each task"""
    total_samples: int
    """Items: tasks times attempts"""
    counts: CreateEvaluationResponseCounts
    passed_count: int
    failed_count: int
    timed_out_count: int
    cancelled_count: int
    error_count: int
    """Items whose infrastructure failed: they are in no rate"""
    pass_rate: float | None
    """Null before the first item that counts"""
    mean_scores: dict[str, float]
    """Means of the verifiers' numbers"""
    duration_ms: int | None
    timestamp: str
    """When it was made"""
    completed_at: str | None
    stop_reason: Literal["user", "budget"] | None
    tags: list[str]
    metadata: dict[str, Any] | None
    project_id: str
    task_id: str | None
    trace_id: str | None
    span_id: str | None
    cancel_requested_at: str | None
    queued: int
    """Items that were queued again"""


class EvaluationItemList(TypedDict):
    items: list[EvaluationItemResponse]
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class EvaluationItemResponse(TypedDict):
    id: str
    evaluation_id: str
    position: int
    item_status: Literal["queued", "claiming", "provisioning", "agent_running", "agent_finished", "verifying", "passed", "failed", "timed_out", "cancelled", "infra_error"]
    task_name_snapshot: str
    task_ref: str
    """`org/name@version`: which version it was is fixed"""
    attempt: int
    model: str
    passed: bool | None
    """Null until it is known, and where nothing is said of the agent"""
    reward: float | None
    rewards: dict[str, float] | None
    end_reason: Literal["reward_reached", "timeout_passed", "reward_below", "agent_failed", "agent_timeout", "verifier_no_reward", "verifier_timeout", "verifier_failed", "provision_failed", "provision_refused", "sandbox_lost", "runner_lost", "no_runner", "capacity", "archive_gone", "server_error", "user", "budget"] | None
    error: str | None
    result_json: EvaluationItemResponseResultJson
    metadata_json: dict[str, Any] | None
    """Values of the instruction's placeholders, where the dataset has some"""
    retry_count: int
    max_retries: int
    queued_at: str
    started_at: str | None
    agent_started_at: str | None
    agent_finished_at: str | None
    completed_at: str | None
    lease_expires_at: str | None
    durations: EvaluationItemResponseDurations
    environment_id: str | None
    env_sandbox_id: str | None
    agent_sandbox_id: str | None
    run_id: str | None
    session_id: str | None
    usage: EvaluationItemUsage | None
    links: EvaluationItemResponseLinks
    """Paths of this API"""


class EvaluationItemResponseResultJson(TypedDict):
    tries: list[EvaluationItemTry]
    """Earlier tries, oldest first"""


class EvaluationItemTry(TypedDict):
    item_status: Literal["queued", "claiming", "provisioning", "agent_running", "agent_finished", "verifying", "passed", "failed", "timed_out", "cancelled", "infra_error"]
    end_reason: Literal["reward_reached", "timeout_passed", "reward_below", "agent_failed", "agent_timeout", "verifier_no_reward", "verifier_timeout", "verifier_failed", "provision_failed", "provision_refused", "sandbox_lost", "runner_lost", "no_runner", "capacity", "archive_gone", "server_error", "user", "budget"] | None
    error: str | None
    reward: float | None
    rewards: dict[str, float] | None
    started_at: str | None
    completed_at: str | None
    environment_id: str | None
    run_id: str | None
    usage: EvaluationItemUsage | None


class EvaluationItemUsage(TypedDict):
    """What the agent has used; null where nobody said it"""

    input_tokens: float | None
    output_tokens: float | None
    cached_tokens: float | None
    cost_usd: float | None


class EvaluationItemResponseDurations(TypedDict):
    provision_ms: float | None
    agent_ms: float | None
    verify_ms: float | None


class EvaluationItemResponseLinks(TypedDict):
    """Paths of this API"""

    environment: str | None
    environment_logs: str | None
    run: str | None
    stream: str | None
    logs: str | None
    artifacts: str | None
    trajectory: str | None


class EvaluationItemTrace(TypedDict):
    evaluation_id: str
    item_id: str
    position: int
    item_status: Literal["queued", "claiming", "provisioning", "agent_running", "agent_finished", "verifying", "passed", "failed", "timed_out", "cancelled", "infra_error"]
    task_name_snapshot: str
    has_trace: bool
    trace_status: Literal["pending", "completed", "failed"]
    duration_ms: float | None
    timestamp: str
    runtime_run_id: str | None
    trace_id: str | None
    span_id: str | None
    trace_name: str
    trace_type: Literal["run"]


class _TrajectoryRequired(TypedDict):
    schema_version: str
    agent: dict[str, Any]
    steps: list[dict[str, Any]]


class Trajectory(_TrajectoryRequired, total=False):
    """An ATIF trajectory"""

    session_id: str | None
    notes: str | None
    final_metrics: dict[str, Any] | None
    extra: dict[str, Any] | None


class AgentCaller(TypedDict):
    id: int
    uuid: str
    distinct_id: str
    first_name: str
    last_name: str
    email: str
    is_email_verified: bool | None
    hedgehog_config: dict[str, Any] | None
    role_at_organization: str | None
    team: AgentProject
    organization: AgentOrganization
    organizations: list[AgentOrganization]
    """The one that the key acts in"""
    scopes: list[str]
    """What the key may do; `*` is everything"""


class AgentProject(TypedDict):
    id: int
    uuid: str
    name: str
    organization: str
    project_id: int
    """The same integer as `id`"""
    timezone: str
    created_at: str
    updated_at: str


class AgentOrganization(TypedDict):
    id: str
    name: str
    slug: str
    created_at: str


class AgentApiKey(TypedDict):
    id: str
    label: str
    scopes: list[str]
    scoped_teams: list[int]
    """The project that the key is bound to; empty for all"""
    scoped_organizations: list[str]
    user_id: int
    created_at: str
    last_used_at: str | None


class AgentTaskPage(TypedDict):
    count: int
    next: str | None
    previous: str | None
    results: list[AgentTask]


class _AgentTaskRequired(TypedDict):
    id: str
    task_id: int
    """The integer that workflow files know the task by"""
    task_number: int
    """From 0 in each project, without gaps"""
    slug: str
    """The project's prefix and the task's number"""
    title: str
    title_manually_set: bool
    description: str
    origin_product: str
    repository: str | None
    """`organization/repository` in lower case"""
    github_integration: int | None
    internal: bool
    archived: bool
    archived_at: str | None
    ci_prompt: str | None
    latest_run: AgentRun | None
    created_at: str
    updated_at: str
    created_by: AgentUser | None


class AgentTask(_AgentTaskRequired, total=False):
    json_schema: Any
    """JSON Schema of the runs' output, or null"""


class _AgentRunRequired(TypedDict):
    id: str
    task: str
    """The task's id"""
    stage: str | None
    branch: str | None
    status: Literal["not_started", "queued", "in_progress", "completed", "failed", "cancelled"]
    environment: Literal["local", "cloud"]
    log_url: str | None
    """The whole log as JSON lines, readable without credentials for one hour"""
    error_message: str | None
    state: dict[str, Any]
    artifacts: list[AgentRunArtifact]
    """The manifest of uploaded artifacts, oldest first"""
    created_at: str
    updated_at: str
    """Strictly increases with every change"""
    completed_at: str | None
    """When the run first reached a terminal status"""
    runtime_adapter: str | None
    provider: str | None
    model: str | None
    reasoning_effort: str | None


class AgentRun(_AgentRunRequired, total=False):
    output: Any
    """Any JSON or null; usually an object with `pr_url`"""
    waiting_for: WaitingFor


class _AgentRunArtifactRequired(TypedDict):
    id: str
    name: str
    type: str
    size: int
    """Bytes"""
    content_type: str
    """As it was sent, which may be empty"""
    storage_path: str
    uploaded_at: str
    uploaded_by: Literal["agent", "user"]


class AgentRunArtifact(_AgentRunArtifactRequired, total=False):
    source: str
    metadata: dict[str, Any]
    uploaded_by_user_id: int
    expires_at: str
    """From then on its content is gone; absent where it is kept"""


class AgentUser(TypedDict):
    id: int
    uuid: str
    distinct_id: str
    first_name: str
    last_name: str
    email: str
    is_email_verified: bool | None
    hedgehog_config: dict[str, Any] | None
    role_at_organization: str | None


class NewAgentTask(TypedDict, total=False):
    title: str
    title_manually_set: bool
    description: str
    origin_product: Literal["error_tracking", "eval_clusters", "user_created", "slack", "support_queue", "session_summaries", "signal_report", "automation", "onboarding", "posthog_ai", "experiments", "signals_scout", "scout_suggestions", "support_reply", "hogdesk", "review_hog", "image_builder", "loop", "mcp_analytics", "signals_chat", "task_analysis", "workflow"]
    repository: str | None
    github_integration: int | None
    json_schema: dict[str, Any] | None
    internal: bool
    archived: bool
    ci_prompt: str | None
    mode: Literal["interactive", "background"]
    branch: str | None
    pending_user_message: str
    pending_user_artifact_ids: list[Any]
    sandbox_environment_id: str
    custom_image_id: str
    runtime_adapter: Literal["claude", "codex"]
    model: str
    reasoning_effort: Literal["low", "medium", "high", "xhigh", "max", "ultracode"]
    initial_permission_mode: Literal["default", "acceptEdits", "plan", "bypassPermissions", "auto", "read-only", "full-access"]
    auto_publish: bool | None
    run_source: str
    pr_authorship_mode: Literal["user", "bot"]
    signal_report_id: str
    runner_labels: list[Any]
    repositories: list[Any]
    runtime: Literal["acp", "pi"]
    start_run: bool


class AgentTaskSummaryPage(TypedDict):
    count: int
    next: str | None
    previous: str | None
    results: list[AgentTaskSummary]


class AgentTaskSummary(TypedDict):
    id: str
    title: str
    repository: str | None
    origin_product: str
    created_at: str
    updated_at: str
    latest_run: AgentTaskSummaryLatestRun | None


class AgentTaskSummaryLatestRun(TypedDict):
    status: Literal["not_started", "queued", "in_progress", "completed", "failed", "cancelled"]
    environment: Literal["local", "cloud"]


class AgentTaskSummariesRequest(TypedDict):
    ids: list[Any]


class AgentTaskRepositories(TypedDict):
    repositories: list[str]


class AgentTaskChange(TypedDict, total=False):
    title: str
    title_manually_set: bool
    description: str
    origin_product: Literal["error_tracking", "eval_clusters", "user_created", "slack", "support_queue", "session_summaries", "signal_report", "automation", "onboarding", "posthog_ai", "experiments", "signals_scout", "scout_suggestions", "support_reply", "hogdesk", "review_hog", "image_builder", "loop", "mcp_analytics", "signals_chat", "task_analysis", "workflow"]
    repository: str | None
    github_integration: int | None
    json_schema: dict[str, Any] | None
    internal: bool
    archived: bool
    ci_prompt: str | None


class AgentTaskStart(TypedDict, total=False):
    mode: Literal["interactive", "background"]
    branch: str | None
    pending_user_message: str
    pending_user_artifact_ids: list[Any]
    sandbox_environment_id: str
    custom_image_id: str
    runtime_adapter: Literal["claude", "codex"]
    model: str
    reasoning_effort: Literal["low", "medium", "high", "xhigh", "max", "ultracode"]
    initial_permission_mode: Literal["default", "acceptEdits", "plan", "bypassPermissions", "auto", "read-only", "full-access"]
    auto_publish: bool | None
    run_source: str
    pr_authorship_mode: Literal["user", "bot"]
    signal_report_id: str
    runner_labels: list[Any]
    resume_from_run_id: str


class AgentRunPage(TypedDict):
    count: int
    next: str | None
    previous: str | None
    results: list[AgentRun]


class NewAgentRun(TypedDict, total=False):
    mode: Literal["interactive", "background"]
    branch: str | None
    pending_user_message: str
    pending_user_artifact_ids: list[Any]
    sandbox_environment_id: str
    custom_image_id: str
    runtime_adapter: Literal["claude", "codex"]
    model: str
    reasoning_effort: Literal["low", "medium", "high", "xhigh", "max", "ultracode"]
    initial_permission_mode: Literal["default", "acceptEdits", "plan", "bypassPermissions", "auto", "read-only", "full-access"]
    auto_publish: bool | None
    run_source: str
    pr_authorship_mode: Literal["user", "bot"]
    signal_report_id: str
    runner_labels: list[Any]
    status: Literal["not_started", "queued", "in_progress", "completed", "failed", "cancelled"]
    stage: str | None
    error_message: str | None
    output: dict[str, Any] | None
    state: dict[str, Any]
    environment: Literal["local", "cloud"]


class AgentRunChange(TypedDict, total=False):
    status: Literal["not_started", "queued", "in_progress", "completed", "failed", "cancelled"]
    stage: str | None
    branch: str | None
    error_message: str | None
    output: dict[str, Any] | None
    state: dict[str, Any]
    state_remove_keys: list[Any]
    environment: Literal["local"]


class AgentRunStart(TypedDict, total=False):
    pending_user_message: str
    pending_user_artifact_ids: list[Any]


class AgentRunOutput(TypedDict, total=False):
    output: dict[str, Any] | None


class AppendAgentRunLogBody(TypedDict):
    entries: list[dict[str, Any]]


class AgentRunManifest(TypedDict):
    artifacts: list[AgentRunArtifact]


class UploadAgentRunArtifactsBody(TypedDict):
    artifacts: list[dict[str, Any]]


class PreparedArtifactUploads(TypedDict):
    artifacts: list[PreparedArtifactUpload]


class PreparedArtifactUpload(TypedDict):
    id: str
    name: str
    type: str
    source: str
    size: int
    content_type: str
    storage_path: str
    expires_in: int
    """Seconds that the form is good for"""
    presigned_post: PreparedArtifactUploadPresignedPost


class PreparedArtifactUploadPresignedPost(TypedDict):
    url: str
    fields: dict[str, str]
    """Sent in front of the file, each as it is; the file's field is `file`"""


class AnnouncedArtifacts(TypedDict):
    artifacts: list[Any]


class UploadedArtifacts(TypedDict):
    artifacts: list[Any]


class AgentRunArtifactLink(TypedDict):
    url: str
    expires_in: int


class _AgentRunArtifactPresignRequired(TypedDict):
    storage_path: str


class AgentRunArtifactPresign(_AgentRunArtifactPresignRequired, total=False):
    disposition: Literal["attachment", "inline"]
    """`inline` to show the file in place, where its type is one that cannot run"""


class AgentRunArtifactPath(TypedDict):
    storage_path: str


class AgentRunEventsTaken(TypedDict):
    accepted: int
    """Events that this request stored"""
    duplicate: int
    """Events that were stored before"""
    last_accepted_seq: int
    """The number of the last event that is stored"""


class RunConnectionToken(TypedDict):
    token: str


class RunStreamToken(TypedDict):
    token: str
    stream_base_url: str | None


class AgentCommandAnswer(TypedDict, total=False):
    jsonrpc: str
    id: str | float | None
    result: Any
    error: Any


class _AgentCommandRequired(TypedDict):
    jsonrpc: Literal["2.0"]
    method: Literal["user_message", "cancel", "close", "permission_response", "set_config_option"]


class AgentCommand(_AgentCommandRequired, total=False):
    params: dict[str, Any]
    id: str | float | None


class RunTokenKeySet(TypedDict):
    keys: list[RunTokenKey]


class RunTokenKey(TypedDict):
    kty: Literal["RSA"]
    use: Literal["sig"]
    alg: Literal["RS256"]
    kid: str
    n: str
    e: str


class _RelayAnswerRequired(TypedDict):
    status: Literal["accepted", "skipped"]


class RelayAnswer(_RelayAnswerRequired, total=False):
    relay_id: str
    """Of an accepted message: the id of what posts it"""


class _RelayMessageRequired(TypedDict):
    text: str


class RelayMessage(_RelayMessageRequired, total=False):
    text_parts: list[Any]
    message_id: str | None
    trace_id: str | None


class SlackThread(TypedDict):
    channel: str
    thread_ts: str


class SlackThreadChange(TypedDict):
    channel: str
    thread_ts: str


class DurableStreamPage(TypedDict):
    count: int
    next: str | None
    previous: str | None
    results: list[DurableStream]


class DurableStream(TypedDict):
    name: str
    content_type: str
    ttl_seconds: int | None
    expires_at: str | None
    closed: bool
    created_at: str


class WorkflowTaskAnswer(TypedDict):
    task: WorkflowTask


class WorkflowTask(TypedDict):
    task_id: int
    task_url: str
    """The task in the API for agents"""
    task_title: str
    workflow_id: int
    """The project's number"""
    workflow_name: str
    """The project's name"""
    workflow_version: Any
    """Projects have no versions"""
    workflow_state_id: str | None
    """The latest run's id"""
    status: Literal["pending", "in_progress", "completed", "failed", "cancelled"]
    """The latest run's; pending without one"""
    current_step_id: str | None
    """The latest run's id"""
    current_step_name: str | None
    """The latest run's stage"""
    current_step_type: str | None
    created_at: str
    updated_at: str
    completed_at: str | None
    """When the latest run ended"""
    owner_email: str | None
    """Of who created the task"""
    assignee_email: str | None
    """Of who asked for the latest run"""
    collaborator_emails: list[str]
    """Of who else asked for runs"""
    step_runs: list[WorkflowStepRun]
    """The latest 50 runs, oldest first"""
    variables: list[WorkflowVariable]
    """The latest value of each"""


class WorkflowStepRun(TypedDict):
    step_run_id: str
    step_id: str
    step_name: str | None
    step_type: str
    status: Literal["pending", "in_progress", "completed", "failed", "cancelled"]
    variables: list[WorkflowVariable]


class WorkflowVariable(TypedDict):
    variable_id: str
    variable_type: str
    value: str | None
    step_id: str | None


class WorkflowApprovalAnswer(TypedDict):
    task_id: int
    status: Literal["pending", "in_progress", "completed", "failed", "cancelled"]
    approved: bool
    message: str


class _WorkflowApprovalRequired(TypedDict):
    approved: bool
    """False rejects"""


class WorkflowApproval(_WorkflowApprovalRequired, total=False):
    comment: str | None
    variables: list[WorkflowApprovalVariablesItem]
    user_email: str | None
    """For whom the client acts: kept for audits"""


class _WorkflowApprovalVariablesItemRequired(TypedDict):
    variable_id: str
    value: str | None


class WorkflowApprovalVariablesItem(_WorkflowApprovalVariablesItemRequired, total=False):
    type: str


class WorkflowCancelAnswer(TypedDict):
    task_id: int
    status: Literal["cancelled"]
    message: str


class WorkflowFileList(TypedDict):
    task_id: int
    files: list[WorkflowFile]
    total_files: int
    """Files of the task on all pages"""
    next_cursor: str | None
    """`cursor` of the next page; null on the last"""


class WorkflowFile(TypedDict):
    file_id: str
    file_name: str
    variable_id: str | None
    """Null if generated by a step"""
    created_at: str
    step_id: str | None


class AttachWorkflowTaskFileBody(TypedDict, total=False):
    file_name: str
    file_content_base64: str
    """The file in base64"""
    content_type: str | None
    artifact_id: str
    """Instead of name and content"""
    variable_id: str | None
    step_id: str | None
    user_email: str | None


class WorkflowDownload(TypedDict):
    file_id: str
    file_name: str
    content_type: str
    download_url: str
    """Works without a key until it expires"""
    expires_at: str


class WorkflowStepDocument(TypedDict):
    download_url: str
    """Works without a key until it expires"""
    file_name: str
    expires_at: str


class WorkflowFileAccesses(TypedDict):
    file_id: str
    accesses: list[WorkflowFileAccessesAccessesItem]


class WorkflowFileAccessesAccessesItem(TypedDict):
    user_email: str | None
    user_id: str
    """Whose key it was"""
    key_id: str
    created_at: str


class CoreUploadAnswer(TypedDict):
    document_processing_id: int
    """Names the document in the webhooks about it"""
    file_id: str
    status: Literal["processing"]
    message: str


class _UploadCoreDocumentBodyRequired(TypedDict):
    file_name: str
    file_extension: Literal["pdf", "docx", "doc", "txt", "xlsx", "xls", "pptx", "ppt"]
    file_content_base64: str
    """The file in base64"""


class UploadCoreDocumentBody(_UploadCoreDocumentBodyRequired, total=False):
    user_email: str | None
    attributes: list[FileAttribute]


class FileAttribute(TypedDict):
    name: str
    data_type: Literal["text", "date", "number", "boolean", "link"]
    value: str


class FileAttributeAnswer(TypedDict):
    file_id: str
    status: Literal["updated"]
    updated_attributes: list[FileAttribute]


class FileAttributeChange(TypedDict):
    attributes: list[FileAttribute]


class WebhookList(TypedDict):
    webhooks: list[Webhook]
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class Webhook(TypedDict):
    id: str
    url: str
    events: list[Literal["flows.tasks.created", "flows.tasks.step_change", "flows.tasks.completed", "flows.tasks.canceled", "core.document.uploaded", "core.document.upload_completed", "core.document.upload_with_issues", "evaluation.item_completed", "evaluation.completed"]]
    enabled: bool
    created_by: str | None
    created_at: str
    updated_at: str


class WebhookWithSecret(TypedDict):
    id: str
    url: str
    events: list[Literal["flows.tasks.created", "flows.tasks.step_change", "flows.tasks.completed", "flows.tasks.canceled", "core.document.uploaded", "core.document.upload_completed", "core.document.upload_with_issues", "evaluation.item_completed", "evaluation.completed"]]
    enabled: bool
    created_by: str | None
    created_at: str
    updated_at: str
    secret: str
    """Signs what is sent. It is shown this once."""


class NewWebhook(TypedDict):
    url: str
    """https, to a name on the public internet"""
    events: list[Literal["flows.tasks.created", "flows.tasks.step_change", "flows.tasks.completed", "flows.tasks.canceled", "core.document.uploaded", "core.document.upload_completed", "core.document.upload_with_issues", "evaluation.item_completed", "evaluation.completed"]]
    """What to be told of"""


class WebhookChange(TypedDict, total=False):
    url: str
    """https, to a name on the public internet"""
    events: list[Literal["flows.tasks.created", "flows.tasks.step_change", "flows.tasks.completed", "flows.tasks.canceled", "core.document.uploaded", "core.document.upload_completed", "core.document.upload_with_issues", "evaluation.item_completed", "evaluation.completed"]]
    """What to be told of"""
    enabled: bool


class WebhookDeliveryList(TypedDict):
    deliveries: list[WebhookDelivery]
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class WebhookDelivery(TypedDict):
    id: str
    webhook_id: str
    event: Literal["flows.tasks.created", "flows.tasks.step_change", "flows.tasks.completed", "flows.tasks.canceled", "core.document.uploaded", "core.document.upload_completed", "core.document.upload_with_issues", "evaluation.item_completed", "evaluation.completed"]
    event_id: str
    state: Literal["pending", "delivered", "undelivered"]
    attempts: int
    """Attempts so far; five at most"""
    last_status: int | None
    """HTTP status of the last answer; null without one"""
    last_error: str | None
    replay_of: str | None
    """The delivery that this one repeats, or null"""
    next_attempt_at: str | None
    """Null when the delivery is over"""
    created_at: str
    updated_at: str


class WebhookDeliveryDetail(TypedDict):
    id: str
    webhook_id: str
    event: Literal["flows.tasks.created", "flows.tasks.step_change", "flows.tasks.completed", "flows.tasks.canceled", "core.document.uploaded", "core.document.upload_completed", "core.document.upload_with_issues", "evaluation.item_completed", "evaluation.completed"]
    event_id: str
    state: Literal["pending", "delivered", "undelivered"]
    attempts: int
    """Attempts so far; five at most"""
    last_status: int | None
    """HTTP status of the last answer; null without one"""
    last_error: str | None
    replay_of: str | None
    """The delivery that this one repeats, or null"""
    next_attempt_at: str | None
    """Null when the delivery is over"""
    created_at: str
    updated_at: str
    payload: dict[str, Any]
    """The body that is sent"""


class SecretList(TypedDict):
    secrets: list[Secret]
    page: int
    limit: int
    total: int
    """Rows in all pages"""
    total_pages: int
    has_next: bool
    has_previous: bool


class Secret(TypedDict):
    id: str
    name: str
    description: str | None
    created_by: str | None
    created_at: str
    updated_at: str
    last_used_at: str | None
    """When an environment got it last"""


class _NewSecretRequired(TypedDict):
    name: str
    """The variable that holds the value; unique, never changes"""
    value: str
    """8 to 32,768 bytes. It is never shown again"""


class NewSecret(_NewSecretRequired, total=False):
    description: str | None


class SecretChange(TypedDict, total=False):
    value: str
    """8 to 32,768 bytes. It is never shown again"""
    description: str | None


class RunnerList(TypedDict):
    runners: list[RunnerListRunnersItem]
    queued: int


class RunnerListRunnersItem(TypedDict):
    id: str
    name: str
    labels: list[str]
    capabilities: list[str]
    """`container`: it runs tasks in their own images; `compose`: also those of several services"""
    kinds: list[str]
    slots: int
    busy: int
    connected: bool


OrganizationList = list[Organization]

ProjectList = list[Project]

AgentRunLogEntries = list[dict[str, Any]]
