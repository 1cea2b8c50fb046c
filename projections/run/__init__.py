"""All read models together: kept up to date, rebuilt, sealed, compared."""
