"""The database: tables, migrations and one module of functions for each noun. The only room that imports SQLAlchemy."""
