using Microsoft.AspNetCore.Http;

namespace HotStandby.Host.Http;

/// <summary>Answers that are lines of text.</summary>
internal static class TextAnswer
{
    /// <summary>Mooncake labels all its text as Prometheus does.</summary>
    public const string ContentType = "text/plain; version=0.0.4";

    /// <summary>
    /// A refusal where a list is asked for: its status and no text at all, since scripts take any text for the list. The header
    /// <c>X-Error</c> says what is wrong.
    /// </summary>
    public static IResult Refusal(IResult refusal) =>
        refusal is IStatusCodeHttpResult { StatusCode: { } status } and IValueHttpResult<ErrorBody> { Value: { } body }
            ? new WithoutText(status, body)
            : refusal;

    private sealed class WithoutText(int status, ErrorBody body) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.ContentType = ContentType;
            httpContext.Response.ContentLength = 0;
            httpContext.Response.Headers["X-Error"] = $"{body.ErrorCode} {body.ErrorMessage}";
            return Task.CompletedTask;
        }
    }
}
