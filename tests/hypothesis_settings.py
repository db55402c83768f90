"""Settings of hypothesis that tests of generated schemas share."""

from hypothesis import HealthCheck, Phase, settings

WITHOUT_SHRINKING = settings(  # a smaller schema takes as long to fit again
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
)
