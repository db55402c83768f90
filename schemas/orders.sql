CREATE TABLE regions (
    country VARCHAR(2) NOT NULL,
    region INTEGER NOT NULL,
    name VARCHAR(60) NOT NULL,
    PRIMARY KEY (country, region)
);

CREATE TABLE products (
    code VARCHAR(7) NOT NULL,
    version INTEGER NOT NULL,
    title VARCHAR(80) NOT NULL,
    price NUMERIC(12, 2) NOT NULL,
    PRIMARY KEY (code, version)
);

CREATE TABLE customers (
    country VARCHAR(2) NOT NULL,
    number INTEGER NOT NULL,
    region INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    credit NUMERIC(12, 2) NOT NULL,
    PRIMARY KEY (country, number),
    FOREIGN KEY(country, region) REFERENCES regions (country, region)
);

CREATE TABLE orders (
    country VARCHAR(2) NOT NULL,
    number INTEGER NOT NULL,
    order_no INTEGER NOT NULL,
    placed DATE NOT NULL,
    PRIMARY KEY (country, number, order_no),
    FOREIGN KEY(country, number) REFERENCES customers (country, number)
);

CREATE TABLE items (
    country VARCHAR(2) NOT NULL,
    number INTEGER NOT NULL,
    order_no INTEGER NOT NULL,
    position INTEGER NOT NULL,
    code VARCHAR(7) NOT NULL,
    version INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (country, number, order_no, position),
    CHECK (quantity > 0),
    FOREIGN KEY(country, number, order_no) REFERENCES orders (country, number, order_no),
    FOREIGN KEY(code, version) REFERENCES products (code, version)
);
