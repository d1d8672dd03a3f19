// HEAD and OPTIONS on every route, and a 405 that says what is allowed. Load balancers ask with HEAD, people with OPTIONS.
using HotStandby.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace HotStandby.Host.Http;

/// <summary>Methods that routes do not have to name.</summary>
internal static class MethodAnswers
{
    /// <summary>Finds the route. A HEAD takes the way of the GET; the server leaves out its body.</summary>
    public static void UseRoutingWithMethods(this WebApplication app)
    {
        app.Use(next => context =>
        {
            if (context.Request.Method != HttpMethods.Head)
                return next(context);
            context.Request.Method = HttpMethods.Get;
            context.Items[typeof(MethodAnswers)] = HttpMethods.Head;
            return next(context);
        });
        app.UseRouting();
        app.Use(next => context =>
        {
            if (context.Items.ContainsKey(typeof(MethodAnswers)))
                context.Request.Method = HttpMethods.Head;
            return AnswerAsync(context, next);
        });
    }

    // Routing has an endpoint of its own for a path that is there and a method that is not. It alone knows which ones are.
    private static async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        if (context.Response.StatusCode != StatusCodes.Status405MethodNotAllowed || context.Response.HasStarted
            || context.GetEndpoint() is RouteEndpoint)
            return;
        var named = context.Response.Headers.Allow.ToString().Split(", ", StringSplitOptions.RemoveEmptyEntries);
        string[] further = named.Contains(HttpMethods.Get) ? [HttpMethods.Head, HttpMethods.Options] : [HttpMethods.Options];
        var allowed = string.Join(", ", [.. named, .. further]);
        context.Response.Headers.Allow = allowed;
        if (HttpMethods.IsOptions(context.Request.Method))
            context.Response.StatusCode = StatusCodes.Status204NoContent; // and no permission for pages of other origins
        else
            await ErrorAnswer.Of(
                StatusCodes.Status405MethodNotAllowed, ErrorCode.InvalidParams,
                $"{context.Request.Method} is not allowed here: {allowed}").ExecuteAsync(context);
    }
}
