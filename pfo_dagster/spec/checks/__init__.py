"""What is wrong with a workflow: ContractSpec's own rules first, in its order and words, then ours.

The reference's validators are here one by one, under names close to theirs:

    validateWorkflowSpec           check_structure      checks/structure.py, runtime.py, devkit.py
    validateSlaConfig              check_service_level  checks/policies.py
    validateCompensation           check_compensation   checks/policies.py
    validateRetryConfig            check_retries        checks/policies.py
    validateWorkflowComprehensive  check_comprehensive  checks/all.py
    validateWorkflowConsistency    check_consistency    checks/all.py

`check` is all of them and what lies beyond: expressions, words that the types do not allow,
transitions that are never taken, durations, the app config.
"""

from pfo_dagster.spec.checks.all import check, check_comprehensive, check_consistency
from pfo_dagster.spec.checks.app import check_app, check_jobs_only
from pfo_dagster.spec.checks.policies import check_compensation, check_retries, check_service_level
from pfo_dagster.spec.checks.structure import check_structure

__all__ = [
    "check",
    "check_app",
    "check_compensation",
    "check_comprehensive",
    "check_consistency",
    "check_jobs_only",
    "check_retries",
    "check_service_level",
    "check_structure",
]
