import KubeletServer
import Testing
