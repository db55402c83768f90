CREATE TABLE members (
    id INTEGER PRIMARY KEY,
    name VARCHAR(80) NOT NULL,
    email VARCHAR(120) NOT NULL UNIQUE,
    recommended_by INTEGER REFERENCES members (id)
);

CREATE TABLE books (
    isbn CHAR(13) PRIMARY KEY,
    title VARCHAR(120) NOT NULL,
    copies INTEGER NOT NULL CHECK (copies BETWEEN 1 AND 20)
);

CREATE TABLE loans (
    member_id INTEGER NOT NULL REFERENCES members (id),
    isbn CHAR(13) NOT NULL REFERENCES books (isbn),
    lent DATE NOT NULL,
    returned DATE,
    PRIMARY KEY (member_id, isbn, lent),
    CHECK (returned IS NULL OR returned >= lent)
);
