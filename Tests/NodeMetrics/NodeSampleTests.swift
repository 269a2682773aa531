import NodeMetrics
import Testing
