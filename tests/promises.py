"""What the specification and the design name literally, as `tests/test_promises.py` looks for it.

A column that is called otherwise here is written `theirs=ours`; one that became rows of its own, `theirs=table.column`.
"""

# requirements §2, §9.1 and §10.2: table: the columns that it must have
COLUMNS = {
    "accounts_tenant": """
        id name display_name slug description is_active is_trial trial_ends_at created_at updated_at deleted_at""",
    "accounts_user": """
        user_id=id tenant_id username email display_name password_hash=password role is_active is_service_account
        github_username github_user_id github_access_token github_token_expires_at metadata email_verified created_at
        updated_at deleted_at last_login_at=last_login preferences=accounts_userpreference.preferences""",
    "accounts_userpreference": "id tenant_id user_id preferences created_at updated_at",
    "accounts_apitoken": "user_id prefix key_hash=digest scopes expires_at last_used_at revoked_at",
    "projects_project": """
        project_id=id name description slug repository_url repository_provider repository_owner repository_name
        default_branch config technology_stack metadata status is_public is_template owner_id
        team_members=projects_projectmember.user_id average_review_time_minutes average_merge_time_minutes pr_merge_rate
        test_coverage_percent last_activity_at archived_at completed_at oversight_level hitl_config created_at
        updated_at deleted_at""",
    "projects_plan": "project_id name goal status prd=prd_url plan=plan_url template=is_template",
    "projects_phase": """
        plan_id number name goal status sdlc_phase estimated_days_min estimated_days_max started=started_at
        finished=completed_at last_updated=updated_at branch notes depends_on=depends_on_id""",
    "projects_successcriterion": "phase_id text ordinal state evidence=evidence_id reason=waived_reason",
    "projects_taskgroup": "phase_id label calendar_label sequence parallel_key rationale",
    "projects_taskgroupdependency": "group_id depends_on=depends_on_id reason",
    "projects_gate": "phase_id kind number after_group=after_group_id owner_agent=owner_agent_id status cycle",
    "projects_gatecheck": """
        gate_id section ordinal text kind command state evidence=evidence_id run_output=output
        checked_by=checked_by_user_id checked_at""",
    "projects_review": """
        gate_id reviewer=reviewer_user_id cycle verdict comments pattern_results=projects_patterncheck.preserved""",
    "projects_patterncheck": "name preserved",
    "projects_phaseapproval": """
        phase_id approver=approver_user_id criteria_snapshot=criteria knowledge_updates transition_document""",
    "projects_decisionrecord": "number title decision reasoning alternatives benefits note future status",
    "projects_escalationrule": """
        area trigger backup_agent=backup_agent_id escalate_to=escalate_to_agent_id order=ordinal""",
    "projects_escalation": "raised_at resolved_at resolution",
    "projects_successmetric": "phase_id name op=operator value=target actual=measured unit",
    "agents_agent": """
        agent_id=id name display_name description agent_type model_provider model_name model_version capabilities
        configuration required_tools max_tokens temperature top_p success_rate avg_execution_time_ms total_executions
        last_used_at is_active is_experimental version deprecated_at tags metadata created_by=created_by_id created_at
        updated_at""",
    "agents_agentstatus": """
        agent_id status current_execution=current_execution_id last_activity=last_activity_at
        last_heartbeat=last_heartbeat_at error_message created_at updated_at""",
    "agents_agentstatushistory": "agent_id status reason created_at",
    "agents_budget": """
        project_id agent_id daily_limit=limit_amount period unit warn_at stop_at tokens_used=spent
        budget_reset_at=period_start emergency_stop_enabled""",
    "agents_emergencystop": """
        scope project_id agent_type stop_reason=reason triggered_by created_at deactivated_at=released_at""",
    "tasks_execution": """
        execution_id=id agent_id task_id project_id input_tokens output_tokens total_tokens execution_time_ms cost_usd
        status result error_message=error evidence_id parent_execution_id=parent_id started_at completed_at=ended_at
        created_at attempt celery_task_id idempotency_key lease_expires_at last_heartbeat_at progress
        progress_message=message cancel_requested_at input_hash output_hash trace_id""",
    "tasks_task": """
        task_id=id project_id github_issue_number github_pr_number github_node_id github_url title description type
        status priority assigned_to_user_id=assigned_user_id assigned_to_agent_id=assigned_agent_id
        created_by_user_id=created_by_id parent_task_id=parent_id related_tasks=tasks_taskdependency.kind
        estimated_hours actual_hours complexity_score=complexity files_changed lines_added lines_deleted ai_analysis
        ai_suggestions labels metadata started_at completed_at=closed_at due_date created_at updated_at deleted_at kind
        code phase=phase_id group=group_id resolution verification instructions output target_path estimated_minutes
        notes""",
    "tasks_taskdependency": "task_id depends_on=depends_on_id reason",
    "tasks_assignment": "task_id group_id agent_id user_id role scope_tasks=scope condition rationale",
    "tasks_checklistitem": "task_id gate_id text done done_by=done_by_user_id done_at evidence_id",
    "tasks_comment": """
        comment_id=id task_id author_id agent_id content content_type github_comment_id is_ai_generated ai_metadata
        created_at updated_at deleted_at""",
    "tasks_attachment": """
        attachment_id=id task_id file_name file_type=media_type file_size_bytes=size storage_path=sha256 is_evidence
        evidence_id metadata created_at uploaded_by=uploaded_by_id sha256""",
    "tasks_approvalrequest": """
        project_id task_id kind trigger question options status action=tasks_approvalresponse.action selected_option
        comment amended_content expires_at responded_by=decided_by_id responded_at=decided_at escalation_level
        estimated_tokens estimated_cost=estimated_cost_usd created_at updated_at""",
    "tasks_approvalresponse": "timestamp=created_at action user_id content=amended_content comment",
    "tasks_handoff": """
        from=from_agent_id to=to_agent_id task_id group_id phase summary gotchas files_tagged commits
        context_artifacts=artifact_ids expected_outputs acceptance_criteria priority status read_log=log_read_at
        reviewed_commits=commits_reviewed_at checked_blockers=blockers_checked_at""",
    "tasks_blocker": "task_id reason unblock_steps commands owner=owner_id opened=opened_at resolved=resolved_at",
    "tasks_worklogentry": "phase_id at actor=user_id text kind",
    "tasks_commitrecord": "hash message agent=agent_id task_id tasks=further_task_ids date=committed_at",
    "tasks_filechange": "path change by=agent_id task=task_id status",
    "evidence_evidence": """
        evidence_id=id task_id project_id source_type source_name source_url title description content raw_data=data
        credibility_score=credibility confidence_level=confidence credibility_factors historical_accuracy is_verified
        verified_by_user_id=verified_by_id verified_at validation_notes=review_note
        related_evidence=evidence_evidencelink.kind tags metadata expires_at created_at updated_at
        content_hash=content_sha256 created_by=author_id rejected_at rejected_by=rejected_by_id""",
    "evidence_evidencelink": "kind weight=strength",
    "evidence_credibilitychange": """
        evidence_id previous_credibility_score=previous_credibility new_credibility_score=new_credibility reason
        updated_by_user_id=user_id metadata created_at""",
    "evidence_evidencechain": """
        chain_id=id primary_evidence_id supporting_evidence=evidence_evidencechainitem.evidence_id
        decision_description=description decision_confidence=confidence created_at updated_at""",
    "evidence_evidencechainitem": "ordinal role",
    "evidence_artifact": """
        project_id source_agent=source_agent_id artifact_type content artifact_metadata=metadata granularity
        parent=parent_id path ordinal title content_text token_estimate version supersedes=supersedes_id
        content_hash=content_sha256 embedding source_execution=source_execution_id created_at updated_at""",
    "audit_activityitem": """
        activity_id=id user_id agent_id activity_type=kind title=sentence description action_url=url project_id task_id
        is_public visible_to_users=audit_activityvisibility.user_id created_at""",
    "audit_event": """
        log_id=id user_id=actor_id agent_id=actor_id service_name event_type event_action=action resource_type
        resource_id resource_name=resource_label old_values=changes new_values=changes ip_address user_agent request_id
        session_id metadata=body status=outcome error_message created_at=recorded_at event_source=source project_id
        task_id actor_label trace_id""",
}

# Column: the literals of the specification + those that the design adds (`…` where it adds many) - those it leaves out
LITERALS = {
    "accounts_user.role": "admin manager user service",
    "projects_project.repository_provider": "github gitlab bitbucket",
    "projects_project.status": "active completed failed cancelled archived deleted",
    "projects_project.oversight_level": "low medium high",
    "projects_projectmember.role": "owner maintainer contributor viewer",
    "projects_phase.status": "pending in_progress blocked completed cancelled",
    "projects_phase.sdlc_phase": "discovery plan design build validate launch custom",
    "projects_successcriterion.state": "pending met failed waived",
    "projects_gate.kind": "review validation final",
    "projects_gate.status": "pending open passed failed changes_requested waived",
    "projects_gatecheck.kind": "manual automated command",
    "projects_gatecheck.state": "pending pass fail skipped",
    "projects_review.verdict": "approved changes_requested",
    "projects_decisionrecord.status": "proposed accepted superseded",
    "agents_agent.agent_type": """
        orchestrator architect planner codegen reviewer tester deployer security debugger documentation refactoring
        optimization infrastructure analytics custom + analyst""",
    "agents_agent.model_provider": "anthropic openai google ibm qwen local",
    "agents_agent.runtime": "+ pull llm command webhook",
    "agents_agentstatus.status": "idle working waiting_for_hitl error offline",
    "agents_budget.scope": "+ tenant project agent task",
    "agents_budget.unit": "+ usd tokens runs seconds",
    "agents_budget.period": "+ run day month total",
    "agents_costentry.kind": "+ priced estimated unknown",
    "agents_emergencystop.triggered_by": "user budget repetition error",
    "tasks_task.type": "bug feature refactor test documentation task chore",
    "tasks_task.kind": "task issue pull_request epic",
    "tasks_task.status": "open in_progress in_review blocked closed draft",
    "tasks_task.priority": "critical high medium low",
    "tasks_task.resolution": "completed failed cancelled duplicate wont_fix",
    "tasks_task.verification": "unverified scripted verified failed",
    "tasks_execution.status": "pending running success failure timeout waiting_for_hitl cancelled",
    "tasks_assignment.role": "primary backup reviewer validator approver",
    "tasks_comment.content_type": "markdown plain html - html",
    "tasks_approvalrequest.kind": """
        question pre_execution response_approval next_step phase_gate budget_override escalation""",
    "tasks_approvalrequest.trigger": """
        phase_completion quality_threshold conflict_detected agent_error budget_exceeded safety_violation
        manual_request""",
    "tasks_approvalrequest.status": "pending approved rejected amended expired cancelled",
    "tasks_approvalresponse.action": "approve reject amend",
    "tasks_criterion.kind": "+ ci_check command_exit file_digest human_signoff reviewer_agent url_probe",
    "tasks_criterion.minimum_grade": "+ self_asserted runner_reported hook_observed ci_attested human",
    "tasks_handoff.phase": """
        analysis architecture coding testing deployment review + discovery plan design build validate launch""",
    "tasks_handoff.priority": "low medium high critical",
    "tasks_handoff.status": "draft pending accepted rejected completed",
    "tasks_worklogentry.kind": "done in_progress note",
    "tasks_filechange.change": "created modified copied deleted",
    "evidence_evidence.source_type": """
        code_analysis test_result ai_model_output documentation code_review security_scan performance_profile
        coverage_report static_analysis dependency_check user_feedback metrics external_api github_action custom + …""",
    "evidence_evidence.confidence": "very_high high medium low very_low",
    "evidence_evidence.grade": "+ self_asserted runner_reported hook_observed ci_attested human",
    "evidence_evidencelink.kind": "supports contradicts related derived_from + corroborates supersedes",
    "evidence_evidencechainitem.role": "primary supporting + contradicting",
    "evidence_artifact.artifact_type": """
        project_plan software_specification implementation_plan system_architecture source_code test_results
        deployment_log deployment_package user_input agent_output hitl_response""",
    "evidence_artifact.granularity": "document section concept",
    "audit_event.action": "create read update delete execute",
    "audit_event.outcome": "success failure partial unknown + denied",
    "audit_event.source": "agent user system webhook scheduler",
}

# Table: what an index begins with, after the tenant: a column, several, or `?column` for an index of only those rows
INDEXES = {
    "accounts_user": "id username email github_username is_active created_at",
    "projects_project": "id slug owner_id owner_id,status status created_at repository_url ?is_public",
    "agents_agent": "id name agent_type is_active model_provider tags capabilities created_at",
    "tasks_execution": "id agent_id task_id project_id status created_at",
    "tasks_task": """
        id project_id status priority type assigned_user_id assigned_agent_id project_id,github_issue_number
        project_id,github_pr_number created_at parent_id labels project_id,status,priority_rank
        assigned_user_id,status""",
    "tasks_comment": "id task_id author_id created_at",
    "tasks_attachment": "id task_id is_evidence",
    "evidence_evidence": "id task_id project_id source_type credibility is_verified created_at tags",
    "evidence_credibilitychange": "evidence_id created_at",
    "evidence_evidencechain": "id primary_evidence_id created_at",
    "audit_event": "id actor_id event_type resource_type resource_id recorded_at ?outcome request_id",
    "audit_activityitem": "id project_id task_id user_id created_at ?is_public",
}
GIN = {
    "agents_agent": {"tags", "capabilities"},
    "tasks_task": {"labels"},
    "evidence_evidence": {"tags"},
    "evidence_artifact": {"search"},
}
PERCENTAGES = {
    "projects_project": {"pr_merge_rate", "test_coverage_percent"},
    "agents_agent": {"success_rate"},
    "tasks_execution": {"progress"},
}

# design/domain.md
MODELS = {
    "audit": """
        Event Pending Position ActivityItem ActivityVisibility Epoch Checkpoint Cosignature Tile SubjectKey
        DeliveryEndpoint Delivery""",
    "accounts": "Tenant User UserPreference ApiToken Session Notification Identity IdempotencyKey",
    "projects": """
        Project ProjectMember Plan Phase SuccessCriterion TaskGroup Gate GateCheck Review PatternCheck DecisionRecord
        EscalationRule Escalation SuccessMetric""",
    "agents": "Agent AgentStatus AgentKey PriceTable QuotaPool Budget BudgetHold CostEntry EmergencyStop",
    "evidence": """
        Evidence Attestation CredibilityPolicy EvidenceLink CredibilityChange Claim Decision EvidenceChain Artifact
        ArtifactUse""",
    "tasks": """
        Task TaskDependency Assignment ChecklistItem Comment Attachment Execution ExecutionLog QuarantinedWrite Handoff
        ApprovalRequest StandingRule AcceptanceContract Criterion Evaluation Blocker WorkLogEntry CommitRecord
        FileChange""",
}

# design/api.md, and what issue 3 adds: path: methods
ROUTES = {
    "me/": "GET",
    "me/preferences/": "GET PATCH",
    "tokens/": "GET POST",
    "users/": "GET POST",
    "ws-ticket/": "POST",
    "projects/": "GET POST",
    "projects/{}/": "GET PATCH",
    "projects/{}/members/": "GET POST",
    "plans/": "GET POST",
    "phases/": "GET POST",
    "gates/": "GET POST",
    "gates/{}/checks/": "GET POST",
    "reviews/": "GET POST",
    "decision-records/": "GET POST",
    "agents/": "GET POST",
    "agents/{}/status/": "GET",
    "agents/{}/keys/": "GET POST",
    "budgets/": "GET POST",
    "emergency-stops/": "GET POST",
    "tasks/": "GET POST",
    "tasks/{}/": "GET PATCH",
    "tasks/{}/comments/": "GET POST",
    "tasks/{}/attachments/": "GET POST",
    "tasks/{}/dependencies/": "GET POST",
    "tasks/{}/contract/": "GET PUT",
    "tasks/bulk/": "POST PATCH",
    "tasks/bulk/assign/": "POST",
    "tasks/bulk/close/": "POST",
    "handoffs/": "GET POST",
    "executions/": "GET",
    "approvals/": "GET",
    "approvals/{}/respond/": "POST",
    "evidence/": "GET POST",
    "evidence/bulk/": "POST",
    "evidence/{}/verify/": "POST",
    "evidence/{}/attestations/": "GET POST",
    "evidence/{}/explain/": "GET",
    "claims/": "GET POST",
    "decisions/": "GET POST",
    "artifacts/": "GET POST",
    "artifacts/search/": "GET",
    "audit/events/": "GET",
    "audit/events/{}/proof/": "GET",
    "audit/checkpoints/": "GET",
    "audit/tiles/{}/{}/{}": "GET",
    "activity/": "GET",
    "tasks/claim/": "POST",
    "executions/{}/heartbeat/": "POST",
    "executions/{}/evidence/": "POST",
    "executions/{}/approvals/": "POST",
    "executions/{}/approvals/{}/": "GET",
    "executions/{}/approvals/{}/redeem/": "POST",
    "executions/{}/log/": "GET POST",
    "executions/{}/complete/": "POST",
    "executions/{}/fail/": "POST",
    "executions/{}/release/": "POST",
}

# issue 3: model: what staff may do to its rows
DEEDS = {
    "evidence.Evidence": {"verify", "reject"},
    "agents.Agent": {"suspend"},
    "tasks.Execution": {"cancel", "release_lease"},
    "projects.Project": {"archive"},
    "accounts.ApiToken": {"revoke"},
}
STAFF_ROLES = {"viewer", "operator", "approver", "auditor", "project_admin", "platform_admin"}
