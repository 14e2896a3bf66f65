"""Rules about what people say of each other, beside jobs and credits."""
