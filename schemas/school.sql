CREATE TABLE teachers (
    id INTEGER NOT NULL,
    name VARCHAR(80) NOT NULL,
    subject VARCHAR(9) NOT NULL,
    PRIMARY KEY (id),
    CHECK (subject IN ('maths', 'languages', 'science', 'arts', 'sport'))
);

CREATE TABLE courses (
    code VARCHAR(6) NOT NULL,
    title VARCHAR(80) NOT NULL,
    credits INTEGER NOT NULL,
    requires VARCHAR(6),
    PRIMARY KEY (code),
    FOREIGN KEY(requires) REFERENCES courses (code)
);

CREATE TABLE classes (
    year INTEGER NOT NULL,
    label VARCHAR(2) NOT NULL,
    teacher_id INTEGER NOT NULL,
    PRIMARY KEY (year, label),
    UNIQUE (year, teacher_id),
    FOREIGN KEY(teacher_id) REFERENCES teachers (id)
);

CREATE TABLE students (
    id UUID NOT NULL,
    name VARCHAR(80) NOT NULL,
    born DATE NOT NULL,
    year INTEGER NOT NULL,
    label VARCHAR(2) NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(year, label) REFERENCES classes (year, label)
);

CREATE TABLE enrolments (
    student_id UUID NOT NULL,
    code VARCHAR(6) NOT NULL,
    grade NUMERIC(12, 1),
    PRIMARY KEY (student_id, code),
    CHECK (grade IS NULL OR (grade >= 1 AND grade <= 6)),
    FOREIGN KEY(student_id) REFERENCES students (id),
    FOREIGN KEY(code) REFERENCES courses (code)
);
