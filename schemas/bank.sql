CREATE TABLE branches (
    id INTEGER NOT NULL,
    city VARCHAR(80) NOT NULL,
    opened DATE NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE customers (
    id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    ssn VARCHAR(20) NOT NULL,
    born DATE NOT NULL,
    branch_id INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (ssn),
    FOREIGN KEY(branch_id) REFERENCES branches (id)
);

CREATE TABLE accounts (
    iban VARCHAR(40) NOT NULL,
    branch_id INTEGER NOT NULL,
    kind VARCHAR(7) NOT NULL,
    opened DATE NOT NULL,
    balance NUMERIC(12, 2) NOT NULL,
    PRIMARY KEY (iban),
    CHECK (kind IN ('current', 'savings')),
    FOREIGN KEY(branch_id) REFERENCES branches (id)
);

CREATE TABLE holders (
    customer_id INTEGER NOT NULL,
    iban VARCHAR(40) NOT NULL,
    role VARCHAR(5) NOT NULL,
    PRIMARY KEY (customer_id, iban),
    CHECK (role IN ('owner', 'user')),
    FOREIGN KEY(customer_id) REFERENCES customers (id),
    FOREIGN KEY(iban) REFERENCES accounts (iban)
);

CREATE TABLE transactions (
    id BIGINT NOT NULL,
    iban VARCHAR(40) NOT NULL,
    booked TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    amount NUMERIC(12, 2) NOT NULL,
    purpose VARCHAR(140),
    PRIMARY KEY (id),
    CHECK (amount <> 0),
    FOREIGN KEY(iban) REFERENCES accounts (iban)
);

CREATE TABLE cards (
    number VARCHAR(20) NOT NULL,
    customer_id INTEGER NOT NULL,
    iban VARCHAR(40) NOT NULL,
    valid_until DATE NOT NULL,
    PRIMARY KEY (number),
    FOREIGN KEY(customer_id, iban) REFERENCES holders (customer_id, iban)
);
