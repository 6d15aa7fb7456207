"""ContractSpec workflow specs: the model, the readers, the checks, the expression language."""
