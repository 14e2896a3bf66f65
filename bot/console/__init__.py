"""The operator's command line beside a running bot: jobs, quotas, the database, the doctor."""
