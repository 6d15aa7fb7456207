"""What is planted at the bank must be found in no file that we leave behind."""
