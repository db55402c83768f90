CREATE TABLE users (
    id INTEGER NOT NULL,
    user_name VARCHAR(40) NOT NULL,
    email VARCHAR(120) NOT NULL,
    joined TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    invited_by INTEGER,
    karma INTEGER NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (user_name),
    UNIQUE (email),
    FOREIGN KEY(invited_by) REFERENCES users (id)
);

CREATE TABLE profiles (
    user_id INTEGER NOT NULL,
    bio VARCHAR(500),
    website VARCHAR(200),
    PRIMARY KEY (user_id),
    FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE TABLE threads (
    id INTEGER NOT NULL,
    author_id INTEGER NOT NULL,
    title VARCHAR(120) NOT NULL,
    opened TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    closed BOOLEAN NOT NULL,
    accepted_id INTEGER,
    PRIMARY KEY (id),
    FOREIGN KEY(author_id) REFERENCES users (id)
);

CREATE TABLE follows (
    follower_id INTEGER NOT NULL,
    followed_id INTEGER NOT NULL,
    since DATE NOT NULL,
    PRIMARY KEY (follower_id, followed_id),
    FOREIGN KEY(follower_id) REFERENCES users (id),
    FOREIGN KEY(followed_id) REFERENCES users (id)
);

CREATE TABLE posts (
    id INTEGER NOT NULL,
    thread_id INTEGER NOT NULL,
    author_id INTEGER NOT NULL,
    reply_to INTEGER,
    body TEXT NOT NULL,
    posted TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(thread_id) REFERENCES threads (id),
    FOREIGN KEY(author_id) REFERENCES users (id),
    FOREIGN KEY(reply_to) REFERENCES posts (id)
);

CREATE TABLE tags (
    thread_id INTEGER NOT NULL,
    tag VARCHAR(4) NOT NULL,
    PRIMARY KEY (thread_id, tag),
    CHECK (tag IN ('help', 'news', 'meta', 'fun', 'code')),
    FOREIGN KEY(thread_id) REFERENCES threads (id)
);

ALTER TABLE threads ADD CONSTRAINT fk_3_threads_accepted_id FOREIGN KEY(accepted_id) REFERENCES posts (id);
