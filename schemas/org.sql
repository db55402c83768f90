CREATE TABLE departments (
    id INTEGER NOT NULL,
    name VARCHAR(60) NOT NULL,
    head_id INTEGER,
    budget NUMERIC(12, 2) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
);

CREATE TABLE employees (
    id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    email VARCHAR(120) NOT NULL,
    department_id INTEGER NOT NULL,
    manager_id INTEGER,
    hired_on DATE NOT NULL,
    left_on DATE,
    salary NUMERIC(12, 2) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (email),
    CHECK (left_on IS NULL OR left_on > hired_on),
    FOREIGN KEY(department_id) REFERENCES departments (id),
    FOREIGN KEY(manager_id) REFERENCES employees (id)
);

CREATE TABLE skills (
    employee_id INTEGER NOT NULL,
    skill VARCHAR(6) NOT NULL,
    level INTEGER NOT NULL,
    PRIMARY KEY (employee_id, skill),
    CHECK (skill IN ('python', 'sql', 'sales', 'design', 'law')),
    FOREIGN KEY(employee_id) REFERENCES employees (id)
);

ALTER TABLE departments ADD CONSTRAINT fk_0_departments_head_id FOREIGN KEY(head_id) REFERENCES employees (id);
