CREATE TABLE dates (
    day DATE NOT NULL,
    weekday INTEGER NOT NULL,
    holiday BOOLEAN NOT NULL,
    PRIMARY KEY (day)
);

CREATE TABLE stores (
    id INTEGER NOT NULL,
    name VARCHAR(60) NOT NULL,
    city VARCHAR(80) NOT NULL,
    country VARCHAR(80) NOT NULL,
    square_metres INTEGER NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE suppliers (
    id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    rating INTEGER,
    PRIMARY KEY (id)
);

CREATE TABLE categories (
    id INTEGER NOT NULL,
    parent_id INTEGER,
    name VARCHAR(60) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (parent_id, name),
    FOREIGN KEY(parent_id) REFERENCES categories (id)
);

CREATE TABLE products (
    id INTEGER NOT NULL,
    category_id INTEGER NOT NULL,
    supplier_id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    list_price NUMERIC(12, 2) NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(category_id) REFERENCES categories (id),
    FOREIGN KEY(supplier_id) REFERENCES suppliers (id)
);

CREATE TABLE supplies (
    supplier_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    since DATE NOT NULL,
    PRIMARY KEY (supplier_id, product_id),
    FOREIGN KEY(supplier_id) REFERENCES suppliers (id),
    FOREIGN KEY(product_id) REFERENCES products (id)
);

CREATE TABLE stock (
    store_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    units INTEGER NOT NULL,
    counted_on DATE NOT NULL,
    PRIMARY KEY (store_id, product_id),
    FOREIGN KEY(store_id) REFERENCES stores (id),
    FOREIGN KEY(product_id) REFERENCES products (id)
);

CREATE TABLE sales (
    id BIGINT NOT NULL,
    day DATE NOT NULL,
    store_id INTEGER NOT NULL,
    product_id INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    discount NUMERIC(12, 2) NOT NULL,
    revenue NUMERIC(12, 2) NOT NULL,
    PRIMARY KEY (id),
    CHECK (quantity > 0),
    CHECK (discount >= 0 AND discount <= 0.5),
    FOREIGN KEY(day) REFERENCES dates (day),
    FOREIGN KEY(store_id) REFERENCES stores (id),
    FOREIGN KEY(product_id) REFERENCES products (id)
);

CREATE TABLE returns (
    sale_id BIGINT NOT NULL,
    reason VARCHAR(12) NOT NULL,
    returned_on DATE NOT NULL,
    PRIMARY KEY (sale_id),
    CHECK (reason IN ('damaged', 'wrong item', 'changed mind')),
    FOREIGN KEY(sale_id) REFERENCES sales (id)
);
