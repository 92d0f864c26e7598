DISTRIBUTION = "faker"
MODULE = "faker"
SETUP = "import faker"
SPECIMENS = (
    ('faker.proxy.Faker', 'x = faker.Faker(); x.seed_instance(3)', 'x.locales'),
)  # fmt: skip
