CREATE TABLE doctors (
    id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    specialty VARCHAR(8) NOT NULL,
    PRIMARY KEY (id),
    CHECK (specialty IN ('general', 'surgery', 'children', 'skin', 'heart'))
);

CREATE TABLE patients (
    id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    born DATE NOT NULL,
    died DATE,
    registered DATE NOT NULL,
    gender VARCHAR(6) NOT NULL,
    PRIMARY KEY (id),
    CHECK (registered >= born),
    CHECK (died IS NULL OR died >= registered),
    CHECK (gender IN ('female', 'male', 'other'))
);

CREATE TABLE visits (
    id INTEGER NOT NULL,
    patient_id INTEGER NOT NULL,
    doctor_id INTEGER NOT NULL,
    visited_on DATE NOT NULL,
    fee NUMERIC(12, 2) NOT NULL,
    paid NUMERIC(12, 2) NOT NULL,
    weight_kg NUMERIC(12, 1),
    PRIMARY KEY (id),
    FOREIGN KEY(patient_id) REFERENCES patients (id),
    FOREIGN KEY(doctor_id) REFERENCES doctors (id)
);

CREATE TABLE treatments (
    id INTEGER NOT NULL,
    visit_id INTEGER NOT NULL,
    code VARCHAR(5) NOT NULL,
    performed_on DATE NOT NULL,
    cost NUMERIC(12, 2) NOT NULL,
    PRIMARY KEY (id),
    CHECK (cost > 0),
    FOREIGN KEY(visit_id) REFERENCES visits (id)
);

CREATE TABLE payments (
    visit_id INTEGER NOT NULL,
    instalment INTEGER NOT NULL,
    due DATE NOT NULL,
    amount NUMERIC(12, 2) NOT NULL,
    PRIMARY KEY (visit_id, instalment),
    FOREIGN KEY(visit_id) REFERENCES visits (id)
);
