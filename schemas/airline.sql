CREATE TABLE airports (
    code VARCHAR(3) NOT NULL,
    city VARCHAR(80) NOT NULL,
    latitude NUMERIC(12, 4) NOT NULL,
    longitude NUMERIC(12, 4) NOT NULL,
    PRIMARY KEY (code)
);

CREATE TABLE aircraft (
    tail VARCHAR(6) NOT NULL,
    model VARCHAR(4) NOT NULL,
    seats INTEGER NOT NULL,
    PRIMARY KEY (tail),
    CHECK (model IN ('A320', 'B737', 'E190'))
);

CREATE TABLE passengers (
    id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    passport VARCHAR(9) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (passport)
);

CREATE TABLE flights (
    id INTEGER NOT NULL,
    origin VARCHAR(3) NOT NULL,
    destination VARCHAR(3) NOT NULL,
    tail VARCHAR(6),
    departs TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    arrives TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    PRIMARY KEY (id),
    CHECK (origin <> destination),
    CHECK (arrives > departs),
    FOREIGN KEY(origin) REFERENCES airports (code),
    FOREIGN KEY(destination) REFERENCES airports (code),
    FOREIGN KEY(tail) REFERENCES aircraft (tail)
);

CREATE TABLE bookings (
    flight_id INTEGER NOT NULL,
    seat VARCHAR(4) NOT NULL,
    passenger_id INTEGER NOT NULL,
    fare NUMERIC(12, 2) NOT NULL,
    PRIMARY KEY (flight_id, seat),
    UNIQUE (flight_id, passenger_id),
    FOREIGN KEY(flight_id) REFERENCES flights (id),
    FOREIGN KEY(passenger_id) REFERENCES passengers (id)
);
