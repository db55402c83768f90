CREATE TABLE customers (
    id INTEGER NOT NULL,
    first_name VARCHAR(50) NOT NULL,
    last_name VARCHAR(50) NOT NULL,
    email VARCHAR(120) NOT NULL,
    city VARCHAR(80),
    signed_up DATE NOT NULL,
    newsletter BOOLEAN NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (email)
);

CREATE TABLE products (
    id INTEGER NOT NULL,
    sku VARCHAR(8) NOT NULL,
    name VARCHAR(80) NOT NULL,
    price NUMERIC(12, 2) NOT NULL,
    stock INTEGER NOT NULL,
    active BOOLEAN NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (sku),
    CHECK (price > 0),
    CHECK (stock >= 0)
);

CREATE TABLE orders (
    id INTEGER NOT NULL,
    customer_id INTEGER NOT NULL,
    status VARCHAR(9) NOT NULL,
    ordered_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    shipped_at TIMESTAMP WITHOUT TIME ZONE,
    total NUMERIC(12, 2) NOT NULL,
    PRIMARY KEY (id),
    CHECK (shipped_at IS NULL OR shipped_at >= ordered_at),
    CHECK (status IN ('new', 'paid', 'shipped', 'cancelled')),
    FOREIGN KEY(customer_id) REFERENCES customers (id)
);

CREATE TABLE order_lines (
    order_id INTEGER NOT NULL,
    line INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    unit_price NUMERIC(12, 2) NOT NULL,
    amount NUMERIC(12, 2) NOT NULL,
    PRIMARY KEY (order_id, line),
    CHECK (quantity BETWEEN 1 AND 9),
    FOREIGN KEY(order_id) REFERENCES orders (id),
    FOREIGN KEY(product_id) REFERENCES products (id)
);
