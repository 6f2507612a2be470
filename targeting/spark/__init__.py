"""Purchase lines on Apache Spark: held by executors, made into tables of customers there."""
