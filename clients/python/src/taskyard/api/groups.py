# Generated from the OpenAPI document by `npm run generate:python`.
"""The groups of operations."""

from __future__ import annotations

from .._transport import AsyncTransport, Transport
from .account import AsyncAccountCalls, AccountCalls
from .administration import AsyncAdministrationCalls, AdministrationCalls
from .agent_runs import AsyncAgentRunsCalls, AgentRunsCalls
from .agent_tasks import AsyncAgentTasksCalls, AgentTasksCalls
from .durable_streams import AsyncDurableStreamsCalls, DurableStreamsCalls
from .environments import AsyncEnvironmentsCalls, EnvironmentsCalls
from .evaluations import AsyncEvaluationsCalls, EvaluationsCalls
from .runners import AsyncRunnersCalls, RunnersCalls
from .secrets import AsyncSecretsCalls, SecretsCalls
from .service import AsyncServiceCalls, ServiceCalls
from .task_registry import AsyncTaskRegistryCalls, TaskRegistryCalls
from .task_sets import AsyncTaskSetsCalls, TaskSetsCalls
from .task_uploads import AsyncTaskUploadsCalls, TaskUploadsCalls
from .webhooks import AsyncWebhooksCalls, WebhooksCalls
from .workflow_files import AsyncWorkflowFilesCalls, WorkflowFilesCalls


class Api:
    """All operations, by what they are about."""

    def __init__(self, transport: Transport) -> None:
        self.task_registry = TaskRegistryCalls(transport)
        """Packaged tasks: publish, list, read."""
        self.task_uploads = TaskUploadsCalls(transport)
        """Resumable uploads of large archives."""
        self.task_sets = TaskSetsCalls(transport)
        """Curated lists of tasks, with versions."""
        self.environments = EnvironmentsCalls(transport)
        """Tasks provisioned in a sandbox: their life, commands and files."""
        self.evaluations = EvaluationsCalls(transport)
        """An agent, tasks, attempts, and what came of them."""
        self.secrets = SecretsCalls(transport)
        """Values that environments get as variables, and that nobody reads back."""
        self.runners = RunnersCalls(transport)
        """Machines that run environments' commands and agents."""
        self.agent_tasks = AgentTasksCalls(transport)
        """Tasks for agents, and who the caller is to agent clients."""
        self.agent_runs = AgentRunsCalls(transport)
        """Runs of agent tasks: state, logs, connections."""
        self.durable_streams = DurableStreamsCalls(transport)
        """Append-only streams of one's own, and runs, by the Durable Streams protocol."""
        self.workflow_files = WorkflowFilesCalls(transport)
        """Tasks and their files as workflow clients know them."""
        self.webhooks = WebhooksCalls(transport)
        """Events to tell other servers of."""
        self.administration = AdministrationCalls(transport)
        """Organizations, workspaces, projects, users, keys."""
        self.account = AccountCalls(transport)
        """Who the key belongs to."""
        self.service = ServiceCalls(transport)
        """Health and documentation."""


class AsyncApi:
    """All operations, by what they are about."""

    def __init__(self, transport: AsyncTransport) -> None:
        self.task_registry = AsyncTaskRegistryCalls(transport)
        """Packaged tasks: publish, list, read."""
        self.task_uploads = AsyncTaskUploadsCalls(transport)
        """Resumable uploads of large archives."""
        self.task_sets = AsyncTaskSetsCalls(transport)
        """Curated lists of tasks, with versions."""
        self.environments = AsyncEnvironmentsCalls(transport)
        """Tasks provisioned in a sandbox: their life, commands and files."""
        self.evaluations = AsyncEvaluationsCalls(transport)
        """An agent, tasks, attempts, and what came of them."""
        self.secrets = AsyncSecretsCalls(transport)
        """Values that environments get as variables, and that nobody reads back."""
        self.runners = AsyncRunnersCalls(transport)
        """Machines that run environments' commands and agents."""
        self.agent_tasks = AsyncAgentTasksCalls(transport)
        """Tasks for agents, and who the caller is to agent clients."""
        self.agent_runs = AsyncAgentRunsCalls(transport)
        """Runs of agent tasks: state, logs, connections."""
        self.durable_streams = AsyncDurableStreamsCalls(transport)
        """Append-only streams of one's own, and runs, by the Durable Streams protocol."""
        self.workflow_files = AsyncWorkflowFilesCalls(transport)
        """Tasks and their files as workflow clients know them."""
        self.webhooks = AsyncWebhooksCalls(transport)
        """Events to tell other servers of."""
        self.administration = AsyncAdministrationCalls(transport)
        """Organizations, workspaces, projects, users, keys."""
        self.account = AsyncAccountCalls(transport)
        """Who the key belongs to."""
        self.service = AsyncServiceCalls(transport)
        """Health and documentation."""
