CREATE TABLE agents (
    id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    team VARCHAR(11) NOT NULL,
    PRIMARY KEY (id),
    CHECK (team IN ('first line', 'second line', 'experts'))
);

CREATE TABLE customers (
    id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    phone VARCHAR(40),
    PRIMARY KEY (id)
);

CREATE TABLE tickets (
    id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    agent_id INTEGER,
    duplicate_of INTEGER,
    subject VARCHAR(120) NOT NULL,
    status VARCHAR(7) NOT NULL,
    priority INTEGER NOT NULL,
    opened_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    solved_at TIMESTAMP WITHOUT TIME ZONE,
    PRIMARY KEY (id),
    CHECK (status IN ('open', 'pending', 'solved')),
    FOREIGN KEY(customer_id) REFERENCES customers (id),
    FOREIGN KEY(agent_id) REFERENCES agents (id),
    FOREIGN KEY(duplicate_of) REFERENCES tickets (id)
);

CREATE TABLE comments (
    id INTEGER NOT NULL,
    subject_type VARCHAR(8) NOT NULL,
    subject_id INTEGER NOT NULL,
    author_id INTEGER,
    body TEXT NOT NULL,
    written_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    PRIMARY KEY (id),
    CHECK (subject_type IN ('ticket', 'customer', 'comment')),
    FOREIGN KEY(author_id) REFERENCES agents (id)
);
