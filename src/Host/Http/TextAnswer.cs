namespace HotStandby.Host.Http;

/// <summary>Answers that are lines of text.</summary>
internal static class TextAnswer
{
    /// <summary>Mooncake labels all its text as Prometheus does.</summary>
    public const string ContentType = "text/plain; version=0.0.4";
}
